//! What apps sell inside of themselves: in-app products, as data.

use super::PROBE_ITEM;

/// Something that an app sells to its customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Product {
    /// Its id: the app's, a dot, its own.
    pub id: &'static str,
    /// The app that sells it.
    pub app: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Price tier.
    pub tier: usize,
    /// Whether it is used up: bought again and again, and not restored once it was consumed.
    pub consumable: bool,
}

/// Every in-app product.
pub const PRODUCTS: &[Product] = &[
    Product {
        id: "paper-boats.all-streams",
        app: "paper-boats",
        name: "Ninety more streams",
        tier: 2,
        consumable: false,
    },
    Product { id: "paper-boats.hint", app: "paper-boats", name: "A hint", tier: 1, consumable: true },
    Product { id: "slow-train.steam", app: "slow-train", name: "Steam engines", tier: 3, consumable: false },
    Product { id: "slow-train.coal", app: "slow-train", name: "A ton of coal", tier: 1, consumable: true },
    Product {
        id: "nightjar.dawn-chorus",
        app: "nightjar",
        name: "The dawn chorus",
        tier: 2,
        consumable: false,
    },
    Product { id: "probe-item.coin", app: PROBE_ITEM, name: "Test coin", tier: 1, consumable: true },
    Product { id: "probe-item.badge", app: PROBE_ITEM, name: "Test badge", tier: 1, consumable: false },
];

impl Product {
    /// The product with this id.
    #[must_use]
    pub fn find(id: &str) -> Option<&'static Self> {
        PRODUCTS.iter().find(|product| product.id == id)
    }

    /// What an app sells.
    pub fn of(app: &str) -> impl Iterator<Item = &'static Self> {
        PRODUCTS.iter().filter(move |product| product.app == app)
    }
}
