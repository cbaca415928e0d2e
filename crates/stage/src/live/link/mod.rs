//! The network between customers and the shop: a relay for every link of a place to something that listens, TCP and UDP.
//!
//! Who lives in a place asks the name servers through that place's relays. The relay of a name server puts, in place of
//! each address of the shop, the address of a relay that leads there (it opens it then); so everything that follows from
//! the answer goes through the place's network too, whoever asked: a customer, or a process that knows nothing of this.
//!
//! ```text
//! 127.77.3.12 of the shop  <-->  127.77.101.12 in one place, 127.77.103.12 in the next
//! ```
//!
//! What a link does is its [`Weather`], changed while it runs. Two who look at the same shop (customers, and whoever
//! watches) have a [`Network`] each, so that the watcher's own can be cut. What lies elsewhere, [`ELSEWHERE_NAME`], is
//! reached from every place whatever happens between the place and the shop, unless the observer is cut off.
//!
//! Failure policy: loopback alone; an address outside of the shop becomes one that never answers. Links, connections and
//! datagrams under way are bounded; what comes beyond waits or is lost, as on a network. A network that is dropped ends
//! all of its relays. Absent: order of datagrams, bandwidth, IPv6.

mod dam;
mod tcp;
mod udp;

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::net::{TcpListener, UdpSocket};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::chance::Chance;

/// Links of one place at most.
const LINKS_MAX: usize = 512;
/// The third octet of the first place's relays; the shop's own blocks are below.
const FIRST_BLOCK: u8 = 60;
/// The last octet of an address that never answers, and of one that always does.
const NOWHERE: u8 = 254;
const ELSEWHERE: u8 = 253;

/// The name of something that has nothing to do with the shop; it takes connections.
pub const ELSEWHERE_NAME: &str = "elsewhere.example";

/// What a link does to what goes through it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Weather {
    /// Of a hundred packets, so many are lost.
    pub drop: u8,
    /// Of a hundred packets, so many have a byte changed.
    pub corrupt: u8,
    /// So much later each arrives.
    pub delay: Duration,
    /// Nothing goes through.
    pub cut: bool,
}

impl Weather {
    /// Both at once.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            drop: self.drop.max(other.drop),
            corrupt: self.corrupt.max(other.corrupt),
            delay: self.delay.max(other.delay),
            cut: self.cut || other.cut,
        }
    }
}

/// Who looks at the shop through a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Observer {
    /// Customers.
    Customers,
    /// Who watches.
    Watcher,
}

/// What a network leads to.
#[derive(Debug, Clone)]
pub struct Ground {
    /// The third octet of the shop's addresses.
    pub block: u8,
    /// The ports at which the shop listens.
    pub ports: Vec<u16>,
    /// The places, each with the name servers that are asked there, in order.
    pub places: Vec<(String, Vec<SocketAddr>)>,
    /// What chance begins from.
    pub seed: u64,
}

/// The links of one observer.
#[derive(Debug)]
pub struct Network {
    places: BTreeMap<String, Place>,
}

#[derive(Debug)]
struct Place {
    street: Street,
    servers: Vec<SocketAddr>,
    state: Mutex<State>,
}

#[derive(Debug, Clone, Copy, Default)]
struct State {
    /// Between the place and the shop.
    weather: Weather,
    /// Whether the observer is cut off there, from everything.
    alone: bool,
}

impl Network {
    /// Opens the links to the name servers; the others open when an answer leads there.
    ///
    /// # Errors
    /// When a relay cannot listen.
    pub fn open(observer: Observer, ground: &Ground) -> io::Result<Self> {
        let mut blocks = (FIRST_BLOCK..=u8::MAX).skip(usize::from(observer == Observer::Watcher)).step_by(2);
        let mut places = BTreeMap::new();
        for (name, servers) in &ground.places {
            let block = blocks.next().ok_or_else(|| io::Error::other("too many places"))?;
            let street = Street::open(block, ground)?;
            let servers =
                servers.iter().map(|server| street.name_server(*server)).collect::<io::Result<_>>()?;
            places.insert(name.clone(), Place { street, servers, state: Mutex::default() });
        }
        Ok(Self { places })
    }

    /// The name servers that are asked in a place, in order; none where there is no such place.
    #[must_use]
    pub fn servers(&self, place: &str) -> &[SocketAddr] {
        self.places.get(place).map_or(&[], |place| &place.servers)
    }

    /// Sets the weather between a place and the shop; false where there is no such place.
    pub fn set(&self, place: &str, weather: Weather) -> bool {
        self.places.get(place).map(|place| place.change(|state| state.weather = weather)).is_some()
    }

    /// Cuts the observer off from everything, in a place or everywhere, or joins it again; false where there is no such
    /// place.
    pub fn cut(&self, place: Option<&str>, cut: bool) -> bool {
        let meant = self.places.iter().filter(|(name, _)| place.is_none_or(|place| place == *name));
        meant.map(|(_, place)| place.change(|state| state.alone = cut)).count() > 0
    }
}

impl Place {
    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut state);
        let alone = Weather { cut: state.alone, ..Weather::default() };
        self.street.outside.send_replace(alone);
        self.street.weather.send_replace(state.weather.and(alone));
    }
}

/// The links of one place.
#[derive(Debug, Clone)]
struct Street(Arc<Links>);

impl std::ops::Deref for Street {
    type Target = Links;

    fn deref(&self) -> &Links {
        &self.0
    }
}

#[derive(Debug)]
struct Links {
    /// The third octet of its relays.
    block: u8,
    /// That of the shop.
    shop: u8,
    ports: Vec<u16>,
    /// Between the place and the shop.
    weather: watch::Sender<Weather>,
    /// Between the place and all else.
    outside: watch::Sender<Weather>,
    chance: Arc<Chance>,
    open: Mutex<HashMap<Ipv4Addr, Vec<Task>>>,
}

impl Street {
    fn open(block: u8, ground: &Ground) -> io::Result<Self> {
        let links = Links {
            block,
            shop: ground.block,
            ports: ground.ports.clone(),
            weather: watch::Sender::default(),
            outside: watch::Sender::default(),
            chance: Arc::new(Chance::of(ground.seed ^ u64::from(block))),
            open: Mutex::default(),
        };
        let street = Self(Arc::new(links));
        for port in &ground.ports {
            street.serve(SocketAddr::from((street.at(NOWHERE), *port)), tcp::Way::Nowhere)?;
            street.serve(SocketAddr::from((street.at(ELSEWHERE), *port)), tcp::Way::Elsewhere)?;
        }
        Ok(street)
    }

    /// The address in this place's network that ends with this octet.
    fn at(&self, last: u8) -> Ipv4Addr {
        Ipv4Addr::new(127, 77, self.block, last)
    }

    /// Opens the relay of a name server, and says where it is asked.
    fn name_server(&self, server: SocketAddr) -> io::Result<SocketAddr> {
        let SocketAddr::V4(v4) = server else { return Err(io::Error::other("a name server of IPv6")) };
        let relay = self.relay_of(*v4.ip()).ok_or_else(|| io::Error::other("a name server elsewhere"))?;
        let relay = SocketAddr::from((relay, server.port()));
        let socket = std::net::UdpSocket::bind(relay)?;
        socket.set_nonblocking(true)?;
        let socket = UdpSocket::from_std(socket)?;
        let task = Task(tokio::spawn(udp::relay(socket, server, self.line(&self.weather))));
        self.keep(*v4.ip(), task);
        self.serve(relay, tcp::Way::Names(server))?;
        Ok(relay)
    }

    /// The address that stands for one of the shop in this place; its relay is open then. Anything else never answers.
    fn lead(&self, address: Ipv4Addr) -> Ipv4Addr {
        let Some(relay) = self.relay_of(address) else { return self.at(NOWHERE) };
        let (known, full) = {
            let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
            (open.contains_key(&address), open.len() >= LINKS_MAX)
        };
        if full && !known {
            return self.at(NOWHERE);
        }
        for port in self.ports.iter().filter(|_| !known) {
            let target = SocketAddr::from((address, *port));
            // What cannot be opened refuses connections, as what does not exist does.
            drop(self.serve(SocketAddr::from((relay, *port)), tcp::Way::To(target)));
        }
        relay
    }

    /// Where the relay of an address of the shop is.
    fn relay_of(&self, address: Ipv4Addr) -> Option<Ipv4Addr> {
        let [first, second, third, last] = address.octets();
        let fits = first == 127 && (77..=99).contains(&second) && third == self.shop;
        fits.then(|| Ipv4Addr::new(first, second, self.block, last))
    }

    fn serve(&self, at: SocketAddr, way: tcp::Way) -> io::Result<()> {
        let listener = std::net::TcpListener::bind(at)?;
        listener.set_nonblocking(true)?;
        let listener = TcpListener::from_std(listener)?;
        let key = match (way, at) {
            (tcp::Way::To(SocketAddr::V4(target)) | tcp::Way::Names(SocketAddr::V4(target)), _) => {
                *target.ip()
            }
            (_, SocketAddr::V4(at)) => *at.ip(),
            (_, SocketAddr::V6(_)) => Ipv4Addr::UNSPECIFIED,
        };
        let weather = if matches!(way, tcp::Way::Elsewhere) { &self.outside } else { &self.weather };
        let task = Task(tokio::spawn(tcp::relay(listener, way, self.line(weather))));
        self.keep(key, task);
        Ok(())
    }

    fn keep(&self, key: Ipv4Addr, task: Task) {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).entry(key).or_default().push(task);
    }

    fn line(&self, weather: &watch::Sender<Weather>) -> Line {
        Line {
            weather: weather.subscribe(),
            chance: Arc::clone(&self.chance),
            street: Arc::downgrade(&self.0),
        }
    }
}

/// What a relay knows of the link it is.
#[derive(Debug, Clone)]
struct Line {
    weather: watch::Receiver<Weather>,
    chance: Arc<Chance>,
    street: std::sync::Weak<Links>,
}

impl Line {
    fn now(&self) -> Weather {
        *self.weather.borrow()
    }

    /// Puts the place's own addresses into a message of a name server.
    fn translate(&self, message: &mut [u8]) {
        let Some(street) = self.street.upgrade().map(Street) else { return };
        super::dns::translate(message, |address| street.lead(address));
    }

    /// The answer for what lies elsewhere, where that is asked for: a resolver knows more than one zone.
    fn elsewhere(&self, question: &[u8]) -> Option<Vec<u8>> {
        let street = self.street.upgrade().map(Street).filter(|street| !street.outside.borrow().cut)?;
        let asked = super::dns::read(question)?.asked?;
        (asked == ELSEWHERE_NAME).then_some(())?;
        super::dns::answer_to(question, street.at(ELSEWHERE))
    }

    /// Changes a byte, if chance will have it.
    fn corrupt(&self, bytes: &mut [u8]) {
        if self.chance.hits(self.now().corrupt)
            && let Some(byte) = bytes.get_mut(self.chance.below(bytes.len()))
        {
            *byte ^= 0x55;
        }
    }

    /// Until the link is not cut; false where it is gone for good.
    async fn clear(&mut self) -> bool {
        self.weather.wait_for(|weather| !weather.cut).await.is_ok()
    }
}

/// A task that ends with its owner.
#[derive(Debug)]
struct Task(JoinHandle<()>);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}
