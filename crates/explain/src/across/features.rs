//! What witnesses have, by which those that fail are told from those that pass. Pure.

use candor_core::cause::Feature;
use candor_core::fault::Layer;
use candor_names::Network;
use core::net::IpAddr;

use super::Place;
use super::conclude::Case;
use super::witness::Witness;

impl Case<'_, '_> {
    /// What a failing one had at the step that failed: of what lies behind the name only what can fail in that way.
    pub(super) fn features_of_failing(&self, witness: &Witness<'_>) -> Vec<Feature> {
        let mut list: Vec<Feature> = Vec::new();
        list.extend(witness.aim().map(|aim| Feature::Name(aim.host.clone())));
        if let Some((kind, address)) = self.beyond_names(witness) {
            if kind.layer() == Layer::Tls {
                let host = witness.aim().map(|aim| &aim.host);
                let places = self.places(witness).filter(|place| Some(&place.host) == host);
                list.extend(places.filter_map(certificate));
            }
            list.extend(address.map(|address| Feature::Address(address.ip().to_string())));
            if kind.layer() == Layer::Connect {
                list.extend(address.map(|address| network(address.ip())));
            }
        }
        list.extend(declared(witness));
        list
    }

    /// What a passing one has, at any of its steps.
    pub(super) fn features_of_passing(&self, witness: &Witness<'_>) -> Vec<Feature> {
        let mut list: Vec<Feature> =
            witness.aims.iter().flatten().map(|aim| Feature::Name(aim.host.clone())).collect();
        for place in self.places(witness) {
            list.extend(certificate(place));
            list.push(Feature::Address(place.address.ip().to_string()));
            list.push(network(place.address.ip()));
        }
        list.extend(declared(witness));
        list
    }

    fn places(&self, witness: &Witness<'_>) -> impl Iterator<Item = &Place> {
        self.inquiry.reached.get(&witness.check).into_iter().flatten()
    }
}

fn network(address: IpAddr) -> Feature {
    Feature::Network(Network::around(address).to_string())
}

fn certificate(place: &Place) -> Option<Feature> {
    place.certificate.clone().map(Feature::Certificate)
}

/// What is declared of it.
fn declared(witness: &Witness<'_>) -> Vec<Feature> {
    let mut list: Vec<Feature> = witness.needs.iter().cloned().map(Feature::Need).collect();
    list.push(Feature::Service(witness.service.id.clone()));
    list.extend(witness.cell.key.place.clone().map(Feature::Place));
    list.push(Feature::Vantage(witness.vantage.clone()));
    list
}
