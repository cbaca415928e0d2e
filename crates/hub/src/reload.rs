//! A changed config: taken without a restart, or refused while the old one stays in force.
//!
//! Files are read again every second and compared by their hash; that works on every file system and through every way
//! in which editors and orchestrators replace files. A file that is bad is said once, in the log, in the ledger and on
//! the operators' page, and tried again when it changes.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use candor_config::Source;
use candor_core::model::Plan;
use candor_probe::ScheduleCommand;
use tokio::sync::{mpsc, watch};

use crate::clock;
use crate::config::{Refused, accepted, resolve};
use crate::decide::Control;
use crate::options::{HubOptions, Probes};

/// Time between two looks.
const LOOK: Duration = Duration::from_secs(1);

/// Those who must know of a new plan.
pub(crate) struct Ears {
    pub(crate) probes: Probes,
    pub(crate) engine: mpsc::Sender<Control>,
    pub(crate) schedule: mpsc::Sender<ScheduleCommand>,
    pub(crate) anchors: watch::Sender<Arc<Plan>>,
}

/// Looks at the files until nobody listens any more. `seen` is the hash of what was looked at last.
pub(crate) async fn watch(
    path: PathBuf,
    options: HubOptions,
    mut force: String,
    mut seen: String,
    ears: Ears,
) {
    loop {
        tokio::time::sleep(LOOK).await;
        if ears.engine.is_closed() {
            return;
        }
        let folder = path.clone();
        let Ok(Ok(source)) = tokio::task::spawn_blocking(move || Source::read(&folder)).await else {
            // Editors replace files in steps; one that stays unreadable is said at the next start.
            continue;
        };
        let hash = source.hash();
        if hash == seen {
            continue;
        }
        seen.clone_from(&hash);
        if hash == force {
            let _ = ears.engine.send(Control::Unrefused).await;
            continue;
        }
        match resolve(&source, &options, clock::now()) {
            Ok(plan) => {
                force = hash;
                tracing::info!(hash = %force, "a changed config is in force");
                tell(&ears, &plan, &source).await;
            }
            Err(faults) => {
                let refused = Refused::new(&source, &faults);
                tracing::error!(
                    "a changed config is refused; the old one stays in force:\n{}",
                    refused.rendered
                );
                let _ = ears.engine.send(Control::Refused(refused.hash, refused.first, refused.faults)).await;
            }
        }
    }
}

async fn tell(ears: &Ears, plan: &Arc<Plan>, source: &Source) {
    let before = Arc::clone(&ears.anchors.borrow());
    let places = |p: &Plan| (p.page.listen, p.operate.listen, p.ledger.clone());
    if places(&before) != places(plan) {
        tracing::warn!("changed listen addresses and ledger take effect at the next start");
    }
    let probe = (ears.probes)(Arc::clone(plan));
    let _ = ears.schedule.send(ScheduleCommand::Replace(probe)).await;
    ears.anchors.send_replace(Arc::clone(plan));
    let _ = ears.engine.send(Control::Plan(Arc::clone(plan), accepted(source))).await;
}
