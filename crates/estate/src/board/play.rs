//! Plays the day ([`crate::day`]) on the estate of a board, step by step, until it ends or somebody stops it.
//!
//! Failure policy: a step that fails is logged and shown, and the day goes on; a play that is stopped never leaves a lever
//! half moved, and mends what the day had broken.

use std::sync::{Arc, Mutex as StdMutex, PoisonError};
use std::time::Duration;

use serde_json::json;
use tokio::sync::{Mutex, watch};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::day::{self, Act, DAY, Step};
use crate::estate::{Estate, EstateError};
use crate::http::{Call, exchange};
use crate::layout::full;
use crate::role::{Role, STATUS_KEY, SUPPORT_AUTHOR, SUPPORT_KEY};

/// How long somebody waits for the status page or the timeline.
const ACT_WITHIN: Duration = Duration::from_secs(5);
/// How long the last step is shown before the play is over.
const LAST_STEP: Duration = Duration::from_secs(10);

/// Plays, one at a time.
#[derive(Debug)]
pub(super) struct Stage {
    estate: Arc<Mutex<Estate>>,
    playing: Mutex<Option<Play>>,
    scene: Arc<StdMutex<Scene>>,
}

#[derive(Debug)]
struct Play {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

/// What is being played.
#[derive(Debug, Clone, Default)]
pub(super) struct Scene {
    /// The number of the step, the first is 0; none where nothing is played.
    pub(super) step: Option<usize>,
    /// What went wrong with it.
    pub(super) fault: Option<String>,
}

impl Stage {
    pub(super) fn new(estate: Arc<Mutex<Estate>>) -> Self {
        Self { estate, playing: Mutex::default(), scene: Arc::default() }
    }

    pub(super) fn scene(&self) -> Scene {
        self.scene.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Begins the day, from its first step.
    pub(super) async fn play(&self) -> Result<(), EstateError> {
        self.stop().await?;
        self.estate.lock().await.mend_all().await?;
        let mut playing = self.playing.lock().await;
        let (stop, stopped) = watch::channel(false);
        let (estate, scene) = (Arc::clone(&self.estate), Arc::clone(&self.scene));
        set(&scene, Scene { step: Some(0), fault: None });
        let task = tokio::spawn(async move {
            play(&estate, &scene, stopped).await;
            set(&scene, Scene::default());
        });
        *playing = Some(Play { stop, task });
        Ok(())
    }

    /// Ends the play, if there is one, and mends what it had broken.
    pub(super) async fn stop(&self) -> Result<(), EstateError> {
        let Some(play) = self.playing.lock().await.take() else { return Ok(()) };
        if play.task.is_finished() {
            return Ok(());
        }
        play.stop.send_replace(true);
        // It ends between two steps: a lever is never left half moved.
        drop(play.task.await);
        self.estate.lock().await.shift(&[], &day::levers()).await
    }
}

fn set(scene: &StdMutex<Scene>, new: Scene) {
    *scene.lock().unwrap_or_else(PoisonError::into_inner) = new;
}

async fn play(estate: &Mutex<Estate>, scene: &StdMutex<Scene>, mut stopped: watch::Receiver<bool>) {
    let begun = Instant::now();
    for (n, step) in DAY.iter().enumerate() {
        if !wait(begun + step.at, &mut stopped).await {
            return;
        }
        set(scene, Scene { step: Some(n), fault: None });
        if let Err(fault) = take(estate, step).await {
            tracing::warn!("{}: {fault}", step.title);
            set(scene, Scene { step: Some(n), fault: Some(fault) });
        }
    }
    wait(Instant::now() + LAST_STEP, &mut stopped).await;
}

/// Whether the time came before somebody stopped it.
async fn wait(until: Instant, stopped: &mut watch::Receiver<bool>) -> bool {
    tokio::select! {
        () = tokio::time::sleep_until(until) => true,
        _ = stopped.wait_for(|stopped| *stopped) => false,
    }
}

async fn take(estate: &Mutex<Estate>, step: &Step) -> Result<(), String> {
    if !step.pull.is_empty() || !step.mend.is_empty() {
        let moved = estate.lock().await.shift(step.pull, step.mend).await;
        moved.map_err(|error| error.to_string())?;
    }
    for act in step.acts {
        match act {
            Act::Customers(per_minute) => {
                post(
                    estate,
                    Role::Customers,
                    "/pace",
                    json!({ "per_minute": per_minute, "seed": 2015 }),
                    None,
                )
                .await?;
            }
            Act::SayStatus(systems, state, note) => {
                for system in *systems {
                    let said = json!({ "state": state, "note": note, "key": STATUS_KEY });
                    post(estate, Role::Status, &format!("/systems/{system}"), said, None).await?;
                }
            }
            Act::Post(text) => {
                let said = json!({ "author": SUPPORT_AUTHOR, "lang": "en", "text": text });
                post(estate, Role::Social, "/posts", said, Some(SUPPORT_KEY)).await?;
            }
        }
    }
    Ok(())
}

/// People do it by address: they sit in the same house.
async fn post(
    estate: &Mutex<Estate>,
    role: Role,
    path: &str,
    said: serde_json::Value,
    key: Option<&str>,
) -> Result<(), String> {
    let address = estate.lock().await.address(role);
    let call = Call { token: key, ..Call::post(path, said) };
    let authority = full(role.word());
    let answered = tokio::time::timeout(ACT_WITHIN, exchange(address, &authority, call)).await;
    match answered {
        Ok(Ok(answer)) if answer.status.is_success() => Ok(()),
        Ok(Ok(answer)) => Err(format!("{} answered {}", role.word(), answer.status)),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!("{} did not answer", role.word())),
    }
}
