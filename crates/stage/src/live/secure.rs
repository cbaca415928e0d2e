//! Who is met by TLS: the storefronts of every store of which a scenario lets a certificate expire, and who trusts them.
//!
//! Customers and watcher go to such a store by TLS in every place: a certificate that runs out where nobody looks at it
//! is no trouble. Failure policy: an authority that cannot be read is an error before anything is played.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use tokio_rustls::TlsConnector;

use super::LiveError;
use crate::cause::Cause;
use crate::scenario::{Happening, STORES, Scenario};

/// The store of a storefront of the scenario: `apps` of `gb.apps`.
pub(super) fn store_of(host: &str, scenario: &Scenario) -> Option<&'static str> {
    let (place, store) = host.split_once('.')?;
    let known = scenario.places.iter().any(|code| code == place);
    STORES.iter().copied().find(|known| *known == store).filter(|_| known)
}

/// The stores that are met by TLS.
pub(super) fn stores(scenario: &Scenario) -> BTreeSet<&'static str> {
    let hosts = scenario.events.iter().filter_map(|event| match &event.what {
        Happening::Cause(Cause::ExpireCertificate { host }) => store_of(host, scenario),
        _ => None,
    });
    hosts.collect()
}

/// Their storefronts.
pub(super) fn fronts(scenario: &Scenario) -> Vec<String> {
    let of = |store: &'static str| scenario.places.iter().map(move |place| format!("{place}.{store}"));
    stores(scenario).into_iter().flat_map(of).collect()
}

/// How customers meet them.
#[derive(Clone)]
pub(super) struct Secure {
    stores: BTreeSet<&'static str>,
    connector: TlsConnector,
    /// The authority's certificate.
    pub(super) authority: PathBuf,
}

impl std::fmt::Debug for Secure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { stores, authority, connector: _ } = self;
        f.debug_struct("Secure").field("stores", stores).field("authority", authority).finish_non_exhaustive()
    }
}

impl Secure {
    /// Those of a scenario; the authority of this file is trusted, and no other.
    pub(super) fn of(scenario: &Scenario, authority: &Path) -> Result<Self, LiveError> {
        let told = |error: &dyn std::fmt::Display| {
            LiveError::Shop(format!("its authority {}: {error}", authority.display()))
        };
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_file_iter(authority).map_err(|error| told(&error))? {
            roots.add(certificate.map_err(|error| told(&error))?).map_err(|error| told(&error))?;
        }
        let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| told(&error))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let connector = TlsConnector::from(Arc::new(config));
        Ok(Self { stores: stores(scenario), connector, authority: authority.to_owned() })
    }

    /// How somebody connects to a host, where that is by TLS.
    pub(super) fn connector(&self, host: &str) -> Option<&TlsConnector> {
        let store = host.split('.').nth(1)?;
        self.stores.contains(store).then_some(&self.connector)
    }

    /// Whether a store is met by TLS.
    pub(super) fn has(&self, store: &str) -> bool {
        self.stores.contains(store)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scenario(host: &str) -> Scenario {
        let text = format!(
            "scenario: A test\nlasts: 10m\nplaces: [gb, in]\ntimeline:\n  \
             - {{at: 2m, for: 4m, expire-certificate: {host}}}\n"
        );
        crate::scenario::read("test.yaml", &text).unwrap()
    }

    #[test]
    fn the_store_of_a_host_is_met_by_tls_in_every_place() {
        assert_eq!(fronts(&scenario("in.music")), ["gb.music", "in.music"]);
    }

    #[test]
    fn hosts_that_are_no_storefronts_of_the_scenario_have_none() {
        for host in ["id", "us.music", "music", "gb.mail", "in.music.internal"] {
            assert_eq!(fronts(&scenario(host)), Vec::<String>::new(), "{host}");
        }
    }
}
