//! What failing cells share is found as their cause: in worlds made for one, for two, and by chance.

use candor_core::cause::{Feature, Witness, rank};
use candor_core::id::{PlaceId, ServiceId, VantageId};
use proptest::prelude::*;

const PLACES: [&str; 4] = ["gb", "us", "ca", "in"];
const SERVICES: [&str; 4] = ["apps", "music", "books", "mail"];

fn place(text: &str) -> Feature {
    Feature::Place(PlaceId::new(text).expect("a place of the test"))
}

fn name(text: &str) -> Feature {
    Feature::Name(format!("{text}.shop.test."))
}

/// A cell for each service and place; every one signs in, and needs what `needs` says.
fn cells(fails: impl Fn(&str, &str) -> bool) -> Vec<Witness> {
    let mut list = Vec::new();
    for service in SERVICES {
        for at in PLACES {
            let failing = fails(service, at);
            let features = vec![
                name(service),
                Feature::Zone("shop.test.".into()),
                Feature::Service(ServiceId::new(service).expect("a service of the test")),
                place(at),
                Feature::Vantage(VantageId::new("london").expect("a vantage of the test")),
            ];
            list.push(Witness { failing, features });
        }
    }
    list
}

#[test]
fn a_name_that_is_gone_everywhere_is_the_cause_of_its_service() {
    let found = rank(&cells(|service, _| service == "apps"));
    let causes: Vec<&Feature> = found.causes.iter().map(|cause| &cause.feature).collect();
    assert_eq!(causes, [&name("apps")]);
    assert_eq!((found.causes[0].explains.len(), found.unexplained.len()), (4, 0));
    // The zone and the vantage explain as much, and others that have them pass.
    assert!(found.ruled_out.iter().any(|other| other.feature == Feature::Zone("shop.test.".into())));
}

#[test]
fn a_place_that_is_cut_off_is_the_cause_of_all_that_fails_there() {
    let found = rank(&cells(|_, at| at == "in"));
    let causes: Vec<&Feature> = found.causes.iter().map(|cause| &cause.feature).collect();
    assert_eq!(causes, [&place("in")]);
}

#[test]
fn where_everything_fails_it_is_what_everything_has() {
    let found = rank(&cells(|_, _| true));
    let causes: Vec<&Feature> = found.causes.iter().map(|cause| &cause.feature).collect();
    assert_eq!(causes, [&Feature::Zone("shop.test.".into())]);
}

#[test]
fn two_faults_at_once_are_two_causes() {
    let found = rank(&cells(|service, at| service == "mail" || at == "in"));
    let mut causes: Vec<&Feature> = found.causes.iter().map(|cause| &cause.feature).collect();
    causes.sort();
    assert_eq!(causes, [&name("mail"), &place("in")]);
    assert!(found.unexplained.is_empty());
}

#[test]
fn one_cell_that_recovers_first_does_not_save_the_cause() {
    let mut list = cells(|_, _| true);
    list[5].failing = false;
    let found = rank(&list);
    assert_eq!(found.causes[0].feature, Feature::Zone("shop.test.".into()));
    assert_eq!(found.causes[0].contradicts, [5]);
}

#[test]
fn what_nothing_explains_is_said() {
    let alone = |failing| Witness { failing, features: vec![place("gb")] };
    let found = rank(&[alone(true), alone(false), alone(false)]);
    assert_eq!((found.causes.len(), found.unexplained), (0, vec![0]));
}

proptest! {
    #[test]
    fn causes_are_never_what_passing_cells_mostly_have(
        cells in proptest::collection::vec((any::<bool>(), proptest::collection::vec(0..12_u8, 0..6)), 0..40),
    ) {
        let witness = |(failing, list): &(bool, Vec<u8>)| Witness {
            failing: *failing,
            features: list.iter().map(|n| name(&format!("n{n}"))).collect(),
        };
        let witnesses: Vec<Witness> = cells.iter().map(witness).collect();
        let found = rank(&witnesses);
        for cause in &found.causes {
            prop_assert!(cause.contradicts.len() * 8 <= cause.explains.len());
            prop_assert!(cause.explains.iter().all(|at| witnesses[*at].failing));
        }
        // Every failing cell is explained or said to be not, and never both.
        for (at, witness) in witnesses.iter().enumerate() {
            let explained = found.causes.iter().any(|cause| cause.explains.contains(&at));
            prop_assert_eq!(witness.failing && !explained, found.unexplained.contains(&at));
        }
    }

    #[test]
    fn one_name_that_fails_is_found_in_any_crowd(
        crowd in proptest::collection::vec(proptest::collection::vec(1..30_u8, 1..5), 4..60), guilty in 1..30_u8,
    ) {
        let witness = |list: &Vec<u8>| Witness {
            failing: list.contains(&guilty),
            features: list.iter().map(|n| name(&format!("n{n:02}"))).collect(),
        };
        let witnesses: Vec<Witness> = crowd.iter().map(witness).collect();
        let found = rank(&witnesses);
        prop_assert!(found.causes.len() <= 1, "{:?}", found.causes);
        prop_assert!(found.unexplained.is_empty());
    }
}
