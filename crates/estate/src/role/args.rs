//! How a role is started: a plain struct, and the words of a command line that stand for it.

use std::net::SocketAddr;
use std::path::PathBuf;

use super::Role;
use crate::place::{PLACES, Place};

/// What a role needs to know to start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleArgs {
    /// Which role.
    pub role: Role,
    /// Where it listens; the others listen on the same port.
    pub listen: SocketAddr,
    /// Where the storefront of each place listens: a store's own, and for the others the app store's.
    pub places: Vec<(&'static Place, SocketAddr)>,
    /// The name server that it asks for the others.
    pub dns: SocketAddr,
    /// The name servers that customers and storefronts of these places ask instead.
    pub names: Vec<(&'static Place, SocketAddr)>,
    /// The name server of what lives apart.
    pub outside: Option<SocketAddr>,
    /// The directory of what it stores.
    pub state: PathBuf,
    /// The zone file; a primary name server's alone.
    pub zone: Option<PathBuf>,
    /// The primary whose zone it copies; a secondary name server's alone.
    pub secondary_of: Option<SocketAddr>,
    /// Who copies from it, and is told of changes; a primary name server's alone.
    pub copies: Vec<(Role, SocketAddr)>,
    /// Where letters come in; the mail's alone.
    pub smtp: Option<SocketAddr>,
    /// Where it also listens with TLS; identity's alone. Certificate and key are files of the state.
    pub tls: Option<SocketAddr>,
    /// Whether `state` goes when whoever started the role is gone.
    pub temporary: bool,
}

/// How to write it.
pub const USAGE: &str =
    "ROLE --listen ADDR --dns ADDR --state DIR [--place CODE=ADDR]... [--names CODE=ADDR]... [--outside ADDR]
     [--zone FILE] [--copy ROLE=ADDR]... [--secondary-of ADDR] [--smtp ADDR] [--tls ADDR] [--temporary]
roles: dns, dns-west, dns-east, dns-in, dns-outside, identity, commerce, delivery, details, apps, macapps, music, books, mail, documents, support, social, status, connect, testflight, customers";

/// A command line that starts no role.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}\nusage: {USAGE}")]
pub struct ArgsError(String);

impl RoleArgs {
    /// Reads the words after the program's name: `apps --listen 127.77.0.10:8080 …`.
    ///
    /// # Errors
    /// When a word is unknown, misses its value, or cannot be read.
    pub fn from_words(words: impl IntoIterator<Item = String>) -> Result<Self, ArgsError> {
        let mut words = words.into_iter();
        let role = words.next().ok_or_else(|| ArgsError("which role?".to_owned()))?;
        let role = Role::find(&role).ok_or_else(|| ArgsError(format!("there is no role {role:?}")))?;
        let (mut listen, mut dns, mut state, mut zone) = (None, None, None, None);
        let (mut smtp, mut tls, mut outside, mut secondary_of) = (None, None, None, None);
        let (mut places, mut names, mut copies, mut temporary) = (Vec::new(), Vec::new(), Vec::new(), false);
        while let Some(word) = words.next() {
            if word == "--temporary" {
                temporary = true;
                continue;
            }
            let value = words.next().ok_or_else(|| ArgsError(format!("{word} misses its value")))?;
            match word.as_str() {
                "--listen" => listen = Some(socket(&value)?),
                "--dns" => dns = Some(socket(&value)?),
                "--state" => state = Some(PathBuf::from(value)),
                "--zone" => zone = Some(PathBuf::from(value)),
                "--smtp" => smtp = Some(socket(&value)?),
                "--tls" => tls = Some(socket(&value)?),
                "--outside" => outside = Some(socket(&value)?),
                "--secondary-of" => secondary_of = Some(socket(&value)?),
                "--copy" => copies.push(copy(&value)?),
                "--place" => places.push(storefront(&value)?),
                "--names" => names.push(storefront(&value)?),
                _ => return Err(ArgsError(format!("{word:?} is not known"))),
            }
        }
        let listen = listen.ok_or_else(|| ArgsError("--listen is missing".to_owned()))?;
        let dns = dns.ok_or_else(|| ArgsError("--dns is missing".to_owned()))?;
        let state = state.ok_or_else(|| ArgsError("--state is missing".to_owned()))?;
        Ok(Self {
            role,
            listen,
            places,
            dns,
            names,
            outside,
            state,
            zone,
            secondary_of,
            copies,
            smtp,
            tls,
            temporary,
        })
    }

    /// The words that [`RoleArgs::from_words`] reads back.
    #[must_use]
    pub fn to_words(&self) -> Vec<String> {
        let mut words = vec![self.role.word().to_owned()];
        let mut put = |word: &str, value: String| words.extend([word.to_owned(), value]);
        put("--listen", self.listen.to_string());
        put("--dns", self.dns.to_string());
        put("--state", self.state.to_string_lossy().into_owned());
        for (place, address) in &self.places {
            put("--place", format!("{}={address}", place.code));
        }
        for (place, address) in &self.names {
            put("--names", format!("{}={address}", place.code));
        }
        if let Some(zone) = &self.zone {
            put("--zone", zone.to_string_lossy().into_owned());
        }
        for (copy, address) in &self.copies {
            put("--copy", format!("{}={address}", copy.word()));
        }
        for (word, address) in [
            ("--outside", self.outside),
            ("--secondary-of", self.secondary_of),
            ("--smtp", self.smtp),
            ("--tls", self.tls),
        ] {
            if let Some(address) = address {
                put(word, address.to_string());
            }
        }
        words.extend(self.temporary.then(|| "--temporary".to_owned()));
        words
    }
}

fn socket(text: &str) -> Result<SocketAddr, ArgsError> {
    text.parse()
        .map_err(|_| ArgsError(format!("{text:?} is not an address with a port, such as 127.77.0.10:8080")))
}

fn copy(text: &str) -> Result<(Role, SocketAddr), ArgsError> {
    let found = text.split_once('=').and_then(|(word, address)| Some((Role::find(word)?, address)));
    let (role, address) = found
        .ok_or_else(|| ArgsError(format!("{text:?} is not ROLE=ADDR, such as dns-west=127.77.0.54:8080")))?;
    Ok((role, socket(address)?))
}

fn storefront(text: &str) -> Result<(&'static Place, SocketAddr), ArgsError> {
    let (code, address) = text
        .split_once('=')
        .ok_or_else(|| ArgsError(format!("{text:?} is not CODE=ADDR, such as gb=127.77.0.100:8080")))?;
    let place = Place::find(code).ok_or_else(|| {
        let known: Vec<_> = PLACES.iter().map(|place| place.code).collect();
        ArgsError(format!("there is no place {code:?}; there are {}", known.join(", ")))
    })?;
    Ok((place, socket(address)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<RoleArgs, String> {
        RoleArgs::from_words(line.split_whitespace().map(str::to_owned))
            .map_err(|error| error.to_string().lines().next().unwrap_or_default().to_owned())
    }

    #[test]
    fn the_words_read_back() {
        let line = "apps --listen 127.77.0.10:80 --dns 127.77.0.53:80 --state /tmp/x --place gb=127.77.0.100:80 --temporary";
        let args = read(line).unwrap();
        assert_eq!(RoleArgs::from_words(args.to_words()).unwrap(), args);
        assert_eq!(args.to_words().join(" "), line);
        for line in [
            "dns --listen 127.77.0.53:80 --dns 127.77.0.53:80 --state /tmp/x --zone /tmp/z --copy dns-in=127.77.0.56:80",
            "dns-in --listen 127.77.0.56:80 --dns 127.77.0.53:80 --state /tmp/x --secondary-of 127.77.0.53:80",
            "customers --listen 127.77.0.27:80 --dns 127.77.0.54:80 --state /tmp/x --names in=127.77.0.56:80 --outside 127.77.0.57:80",
        ] {
            assert_eq!(read(line).unwrap().to_words().join(" "), line);
        }
    }

    #[test]
    fn a_wrong_command_line_says_what_is_wrong() {
        for (line, words) in [
            ("", "which role?"),
            ("shop", "there is no role \"shop\""),
            ("dns --listen", "--listen misses its value"),
            ("dns --listen 1 --dns", "\"1\" is not an address with a port, such as 127.77.0.10:8080"),
            ("dns --colour red", "\"--colour\" is not known"),
            ("dns --listen 127.0.0.1:1", "--dns is missing"),
        ] {
            assert_eq!(read(line), Err(words.to_owned()), "{line}");
        }
        let unknown = read("apps --place xx=1.1.1.1:1").unwrap_err();
        assert!(unknown.starts_with("there is no place \"xx\"; there are gb, us, ca, in, ae, "), "{unknown}");
    }
}
