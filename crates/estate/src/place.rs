//! The places in which the shop sells: name, currency and price list of each, as data.
//!
//! A place is one row of [`PLACES`]; nothing else needs to change when one is added.

/// How many price tiers a price list has; tier 0 is free.
const TIERS: usize = 4;

/// One country's storefront.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// ISO 3166-1 alpha-2 code in lower case: a path segment and a label of a name.
    pub code: &'static str,
    /// What its customers call it.
    pub name: &'static str,
    /// ISO 4217 code.
    pub currency: &'static str,
    /// The sign before an amount.
    pub sign: &'static str,
    /// The amount of each tier, in hundredths.
    tiers: [u32; TIERS],
}

/// Every place the shop knows.
pub const PLACES: &[Place] = &[
    Place { code: "gb", name: "United Kingdom", currency: "GBP", sign: "£", tiers: [0, 79, 149, 399] },
    Place { code: "us", name: "United States", currency: "USD", sign: "$", tiers: [0, 99, 199, 499] },
    Place { code: "ca", name: "Canada", currency: "CAD", sign: "CA$", tiers: [0, 119, 229, 579] },
    Place { code: "in", name: "India", currency: "INR", sign: "₹", tiers: [0, 6_000, 12_000, 30_000] },
];

impl Place {
    /// The place with this code.
    #[must_use]
    pub fn find(code: &str) -> Option<&'static Self> {
        PLACES.iter().find(|place| place.code == code)
    }

    /// What a tier costs here, in hundredths.
    #[must_use]
    pub fn amount(&self, tier: usize) -> u32 {
        self.tiers.get(tier).copied().unwrap_or_default()
    }

    /// What a tier costs here, as a decimal without a sign: `0.79`.
    #[must_use]
    pub fn price(&self, tier: usize) -> String {
        decimal(self.amount(tier))
    }

    /// What a tier costs here, as customers read it: `£0.79`, or `Free`.
    #[must_use]
    pub fn label(&self, tier: usize) -> String {
        match self.amount(tier) {
            0 => "Free".to_owned(),
            amount => format!("{}{}", self.sign, decimal(amount)),
        }
    }
}

/// Hundredths as a decimal: `79` is `0.79`.
pub(crate) fn decimal(amount: u32) -> String {
    format!("{}.{:02}", amount / 100, amount % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_place_has_its_own_price() {
        let labels: Vec<_> = PLACES.iter().map(|place| place.label(1)).collect();
        assert_eq!(labels, ["£0.79", "$0.99", "CA$1.19", "₹60.00"]);
        assert!(PLACES.iter().all(|place| place.label(0) == "Free" && place.price(0) == "0.00"));
    }

    #[test]
    fn codes_are_unique_labels() {
        for (n, place) in PLACES.iter().enumerate() {
            assert!(place.code.bytes().all(|b| b.is_ascii_lowercase()));
            assert_eq!(PLACES.iter().position(|other| other.code == place.code), Some(n));
        }
    }
}
