//! The places in which the shops sell: name, currency and price list of each, as data.
//!
//! A place is one row of [`PLACES`]; nothing else needs to change when one is added. Codes are ISO 3166-1, currencies
//! ISO 4217 with its number of decimals: none for the yen, three for the Kuwaiti dinar. Amounts are whole numbers of
//! the currency's smallest unit; they become decimals only in text.

/// How many price tiers a price list has; tier 0 is free.
pub const TIERS: usize = 6;

/// How many places a small estate has: the first of [`PLACES`].
pub const FEW: usize = 4;

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
    /// How many decimals an amount has.
    pub decimals: u8,
    /// The amount of each tier, in the currency's smallest unit.
    tiers: [u32; TIERS],
}

const fn place(
    code: &'static str,
    name: &'static str,
    (currency, sign, decimals): (&'static str, &'static str, u8),
    tiers: [u32; TIERS],
) -> Place {
    Place { code, name, currency, sign, decimals, tiers }
}

const EUR: (&str, &str, u8) = ("EUR", "€", 2);
/// What the tiers cost wherever the euro is money.
const IN_EUR: [u32; TIERS] = [0, 99, 199, 499, 999, 1_999];

/// Every place the shops know.
pub const PLACES: &[Place] = &[
    place("gb", "United Kingdom", ("GBP", "£", 2), [0, 79, 149, 399, 799, 1_499]),
    place("us", "United States", ("USD", "$", 2), [0, 99, 199, 499, 999, 1_999]),
    place("ca", "Canada", ("CAD", "CA$", 2), [0, 119, 229, 579, 1_149, 2_299]),
    place("in", "India", ("INR", "₹", 2), [0, 6_000, 12_000, 30_000, 60_000, 120_000]),
    place("ae", "United Arab Emirates", ("AED", "AED ", 2), [0, 399, 799, 1_899, 3_699, 7_499]),
    place("at", "Austria", EUR, IN_EUR),
    place("au", "Australia", ("AUD", "A$", 2), [0, 129, 249, 649, 1_299, 2_499]),
    place("be", "Belgium", EUR, IN_EUR),
    place("br", "Brazil", ("BRL", "R$", 2), [0, 299, 590, 1_490, 2_990, 5_990]),
    place("ch", "Switzerland", ("CHF", "CHF ", 2), [0, 100, 200, 500, 1_000, 2_000]),
    place("cl", "Chile", ("CLP", "CLP$", 0), [0, 650, 1_300, 3_200, 6_400, 12_900]),
    place("cn", "China", ("CNY", "CN¥", 2), [0, 600, 1_200, 3_000, 6_800, 12_800]),
    place("cz", "Czechia", ("CZK", "Kč ", 2), [0, 2_500, 4_900, 12_900, 24_900, 49_900]),
    place("de", "Germany", EUR, IN_EUR),
    place("dk", "Denmark", ("DKK", "DKK ", 2), [0, 700, 1_500, 3_700, 7_500, 14_900]),
    place("es", "Spain", EUR, IN_EUR),
    place("fi", "Finland", EUR, IN_EUR),
    place("fr", "France", EUR, IN_EUR),
    place("gr", "Greece", EUR, IN_EUR),
    place("hk", "Hong Kong", ("HKD", "HK$", 2), [0, 800, 1_500, 3_800, 7_800, 15_800]),
    place("hu", "Hungary", ("HUF", "Ft ", 2), [0, 29_900, 59_900, 149_000, 299_000, 599_000]),
    place("id", "Indonesia", ("IDR", "Rp", 2), [0, 1_500_000, 2_900_000, 6_900_000, 13_900_000, 27_900_000]),
    place("ie", "Ireland", EUR, IN_EUR),
    place("il", "Israel", ("ILS", "₪", 2), [0, 390, 790, 1_990, 3_990, 7_990]),
    place("it", "Italy", EUR, IN_EUR),
    place("jp", "Japan", ("JPY", "¥", 0), [0, 120, 240, 600, 1_200, 2_400]),
    place("kr", "South Korea", ("KRW", "₩", 0), [0, 1_100, 2_200, 5_500, 11_000, 22_000]),
    place("kw", "Kuwait", ("KWD", "KWD ", 3), [0, 310, 615, 1_540, 3_080, 6_150]),
    place("mx", "Mexico", ("MXN", "MX$", 2), [0, 1_500, 3_000, 7_500, 14_900, 29_900]),
    place("my", "Malaysia", ("MYR", "RM", 2), [0, 390, 790, 1_990, 3_990, 7_990]),
    place("nl", "Netherlands", EUR, IN_EUR),
    place("no", "Norway", ("NOK", "NOK ", 2), [0, 800, 1_500, 4_000, 7_900, 15_900]),
    place("nz", "New Zealand", ("NZD", "NZ$", 2), [0, 129, 259, 649, 1_299, 2_599]),
    place("pl", "Poland", ("PLN", "zł ", 2), [0, 499, 999, 2_399, 4_799, 9_499]),
    place("pt", "Portugal", EUR, IN_EUR),
    place("se", "Sweden", ("SEK", "SEK ", 2), [0, 900, 1_900, 4_500, 8_900, 17_900]),
    place("sg", "Singapore", ("SGD", "S$", 2), [0, 128, 268, 648, 1_298, 2_598]),
    place("th", "Thailand", ("THB", "฿", 2), [0, 3_500, 6_900, 17_500, 34_900, 69_900]),
    place("tr", "Türkiye", ("TRY", "₺", 2), [0, 299, 549, 1_299, 2_599, 5_199]),
    place("tw", "Taiwan", ("TWD", "NT$", 2), [0, 3_000, 6_000, 15_000, 30_000, 60_000]),
    place("za", "South Africa", ("ZAR", "R", 2), [0, 1_299, 2_499, 5_999, 11_999, 22_999]),
];

impl Place {
    /// The place with this code.
    #[must_use]
    pub fn find(code: &str) -> Option<&'static Self> {
        PLACES.iter().find(|place| place.code == code)
    }

    /// What a tier costs here, in the currency's smallest unit.
    #[must_use]
    pub fn amount(&self, tier: usize) -> u32 {
        self.tiers.get(tier).copied().unwrap_or_default()
    }

    /// What a tier costs here, as a decimal without a sign: `0.79`.
    #[must_use]
    pub fn price(&self, tier: usize) -> String {
        self.decimal(self.amount(tier).into())
    }

    /// What a tier costs here, as customers read it: `£0.79`, or `Free`.
    #[must_use]
    pub fn label(&self, tier: usize) -> String {
        match self.amount(tier) {
            0 => "Free".to_owned(),
            amount => format!("{}{}", self.sign, self.decimal(amount.into())),
        }
    }

    /// An amount of the place's smallest unit as a decimal: 79 pence are `0.79`, 120 yen are `120`.
    #[must_use]
    pub fn decimal(&self, amount: u64) -> String {
        let decimals = usize::from(self.decimals);
        if decimals == 0 {
            return amount.to_string();
        }
        let unit = 10_u64.pow(self.decimals.into());
        format!("{}.{:0decimals$}", amount / unit, amount % unit)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    #[test]
    fn each_place_has_its_own_price() {
        let labels: Vec<_> = PLACES.iter().take(FEW).map(|place| place.label(1)).collect();
        assert_eq!(labels, ["£0.79", "$0.99", "CA$1.19", "₹60.00"]);
        assert!(PLACES.iter().all(|place| place.label(0) == "Free"));
    }

    #[test]
    fn there_are_41_places_and_their_codes_are_unique_labels() {
        let codes: BTreeSet<_> = PLACES.iter().map(|place| place.code).collect();
        assert_eq!((PLACES.len(), codes.len()), (41, 41));
        assert!(codes.iter().all(|code| code.len() == 2 && code.bytes().all(|b| b.is_ascii_lowercase())));
        let names: BTreeSet<_> = PLACES.iter().map(|place| place.name).collect();
        assert_eq!(names.len(), 41);
    }

    #[test]
    fn amounts_have_the_decimals_of_iso_4217() {
        let price = |code: &str| Place::find(code).unwrap().price(3);
        assert_eq!([price("jp"), price("kr"), price("cl")], ["600", "5500", "3200"]);
        assert_eq!([price("kw"), price("tw"), price("de")], ["1.540", "150.00", "4.99"]);
        let odd = PLACES.iter().filter(|place| place.decimals != 2).map(|place| place.currency);
        assert_eq!(odd.collect::<Vec<_>>(), ["CLP", "JPY", "KRW", "KWD"]);
        let japan = Place::find("jp").unwrap();
        assert_eq!((japan.decimal(7), Place::find("kw").unwrap().decimal(7)), ("7".into(), "0.007".into()));
    }

    #[test]
    fn a_currency_is_the_same_wherever_it_is_money_and_dearer_tiers_cost_more() {
        let mut known = BTreeMap::new();
        for place in PLACES {
            let said = (place.sign, place.decimals);
            assert_eq!(*known.entry(place.currency).or_insert(said), said, "{}", place.currency);
            assert!(place.tiers.is_sorted_by(|less, more| less < more), "{}", place.code);
        }
    }
}
