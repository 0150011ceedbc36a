//! A stretch of wire between a program and the account: it delays calls, counts them, and breaks some.

mod gate;
mod request;

use gate::Gate;
use request::Request;
use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How many calls the account is asked at once: it is one interpreter, which more make no faster, and its server lets 128
/// connections wait, beyond which a client tries again a second later. Source: werkzeug, `serving.py`, `LISTEN_QUEUE`.
const AT_THE_ACCOUNT: usize = 8;

/// What befalls a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It is refused for want of permission, and never reaches the account.
    Denied,
    /// The credentials have expired in the meantime.
    Expired,
    /// The account has as many as it may have.
    QuotaUsedUp,
    /// The service fails inside, before anything was done.
    Internal,
    /// CloudFront knows of no such distribution.
    Gone,
    /// Somebody changed since what it means to change, and so it is refused.
    Overtaken,
    /// The service wants calls to be fewer.
    Throttled,
    /// The connection is cut before the call reaches the account.
    Reset,
    /// The account carries it out, and the answer is lost.
    AnswerLost,
    /// It never reaches the account, and nobody ever answers.
    Silence,
    /// The account carries it out; from then on nothing passes in either direction.
    Freeze,
}

/// Which calls a fault befalls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum When {
    /// The call of this number, counted from 1.
    Nth(usize),
    /// This call and every later one.
    From(usize),
    /// The call with this line in [`Traffic::calls`], counted from 1 among those that are alike.
    Is(String, usize),
    /// Every call that is the first with its line: each attempt that follows gets through.
    First,
    /// Every call whose head or body holds this text, like `Action=CreateRole`.
    Holds(String),
    /// The first call of those whose line holds this text.
    FirstHolds(String),
}

/// A fault and the calls it befalls.
pub type Rule = (When, Fault);

/// Makes another answer of the account's to the call with this line, if it has one to make; gets the body.
pub type Edit = fn(&str, &str) -> Option<String>;

/// What a call takes of time.
#[derive(Debug, Clone, Copy)]
enum Delay {
    /// So much until it goes on to the account, and then what the account takes.
    Later(Duration),
    /// So much in all, or what the account takes where that is more.
    Lasting(Duration),
}

/// What went over the wire.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Traffic {
    /// One line a call: its method and path, and IAM's and STS's action.
    pub calls: Vec<String>,
    /// The most calls that were under way at the same time.
    pub most_at_once: usize,
    /// The longest that a call took.
    pub longest: Duration,
}

/// A running proxy.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    wire: Arc<Wire>,
}

#[derive(Debug)]
struct Wire {
    upstream: SocketAddr,
    delay: Delay,
    rules: Vec<Rule>,
    page: Option<usize>,
    edit: Option<Edit>,
    traffic: Mutex<Traffic>,
    seen: Mutex<BTreeMap<String, usize>>,
    under_way: AtomicUsize,
    gate: Gate,
    frozen: AtomicBool,
    closed: AtomicBool,
}

impl Proxy {
    /// Listens on a free port of the loopback address; each call takes `delay` longer.
    #[must_use]
    pub fn start(upstream: SocketAddr, delay: Duration, rules: Vec<Rule>) -> Self {
        Self::start_wire(upstream, (Delay::Later(delay), rules), (None, None))
    }

    /// Lets everything pass; each call takes this long in all, the account's own time included.
    ///
    /// One that the account itself takes longer for takes that long: see [`Traffic::longest`].
    #[must_use]
    pub fn lasting(upstream: SocketAddr, call: Duration) -> Self {
        Self::start_wire(upstream, (Delay::Lasting(call), Vec::new()), (None, None))
    }

    /// Lets everything pass, but for answers that are made anew; what `edit` takes of time is added to the call.
    #[must_use]
    pub fn editing(upstream: SocketAddr, edit: Edit) -> Self {
        Self::start_wire(upstream, (Delay::Later(Duration::ZERO), Vec::new()), (None, Some(edit)))
    }

    /// Lets everything pass, but makes the account give lists in pages of this size.
    #[must_use]
    pub fn in_pages_of(size: usize, upstream: SocketAddr) -> Self {
        Self::start_wire(upstream, (Delay::Later(Duration::ZERO), Vec::new()), (Some(size), None))
    }

    fn start_wire(
        upstream: SocketAddr,
        (delay, rules): (Delay, Vec<Rule>),
        (page, edit): (Option<usize>, Option<Edit>),
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap_or_else(|error| panic!("no port: {error}"));
        let address = listener.local_addr().unwrap_or_else(|error| panic!("no address: {error}"));
        let wire = Arc::new(Wire {
            upstream,
            delay,
            rules,
            page,
            edit,
            traffic: Mutex::default(),
            seen: Mutex::default(),
            under_way: AtomicUsize::new(0),
            gate: Gate::new(AT_THE_ACCOUNT),
            frozen: AtomicBool::new(false),
            closed: AtomicBool::new(false),
        });
        let accepting = Arc::clone(&wire);
        std::thread::spawn(move || {
            for client in listener.incoming() {
                if accepting.closed.load(Ordering::Relaxed) {
                    break;
                }
                if let Ok(client) = client {
                    let wire = Arc::clone(&accepting);
                    // A client that hangs up in the middle is the client's affair.
                    std::thread::spawn(move || drop(wire.carry(client)));
                }
            }
        });
        Self { address, wire }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Whether a call was met by [`Fault::Freeze`] and has been carried out.
    #[must_use]
    pub fn is_frozen(&self) -> bool {
        self.wire.frozen.load(Ordering::SeqCst)
    }

    /// Whether a call whose line holds this text has come by since it was started or last asked.
    #[must_use]
    pub fn has_seen(&self, text: &str) -> bool {
        self.has_seen_one(|call| call.contains(text))
    }

    /// The same for a call of which this is so.
    pub fn has_seen_one(&self, is_it: impl Fn(&str) -> bool) -> bool {
        let traffic = self.wire.traffic.lock().unwrap_or_else(PoisonError::into_inner);
        traffic.calls.iter().any(|call| is_it(call))
    }

    /// What went over it since it was started or last asked.
    #[must_use]
    pub fn take_traffic(&self) -> Traffic {
        std::mem::take(&mut *self.wire.traffic.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.wire.closed.store(true, Ordering::Relaxed);
        // The listener notices at the next connection; this is it.
        let _ = TcpStream::connect(self.address);
    }
}

impl Wire {
    /// One call to a connection: simple, and a new connection costs nothing on the loopback address.
    fn carry(&self, mut client: TcpStream) -> std::io::Result<()> {
        let Some(mut request) = Request::read(&mut client)? else { return Ok(()) };
        let begun = Instant::now();
        if let Some(size) = self.page {
            request.in_pages_of(size);
        }
        let at_once = self.under_way.fetch_add(1, Ordering::SeqCst) + 1;
        let fault = self.record(&request, at_once);
        if let Delay::Later(time) = self.delay {
            std::thread::sleep(time);
        }
        let answer = if self.frozen.load(Ordering::SeqCst) { None } else { self.answer(&request, fault) };
        if let Delay::Lasting(call) = self.delay {
            std::thread::sleep(call.saturating_sub(begun.elapsed()));
        }
        let mut traffic = self.traffic.lock().unwrap_or_else(PoisonError::into_inner);
        traffic.longest = traffic.longest.max(begun.elapsed());
        drop(traffic);
        self.under_way.fetch_sub(1, Ordering::SeqCst);
        match answer {
            _ if fault == Some(Fault::Silence) || self.frozen.load(Ordering::SeqCst) => {
                wait_for_end(&mut client)
            }
            Some(answer) => client.write_all(&answer?),
            None => client.shutdown(Shutdown::Both),
        }
    }

    fn answer(&self, request: &Request, fault: Option<Fault>) -> Option<std::io::Result<Vec<u8>>> {
        match fault {
            None => Some(self.forward(request).map(|answer| self.edited(request, answer))),
            Some(Fault::AnswerLost) => self.forward(request).ok().and(None),
            Some(Fault::Freeze) => {
                let _ = self.forward(request);
                self.frozen.store(true, Ordering::SeqCst);
                None
            }
            Some(Fault::Reset | Fault::Silence) => None,
            Some(Fault::Denied) => Some(Ok(request.refusal(403, "AccessDenied", "an explicit deny"))),
            Some(Fault::Expired) => Some(Ok(request.refusal(403, "ExpiredToken", "The token has expired"))),
            Some(Fault::QuotaUsedUp) => {
                Some(Ok(request.refusal(409, "LimitExceeded", "Cannot exceed quota")))
            }
            Some(Fault::Gone) => Some(Ok(request.refusal(404, "NoSuchDistribution", "it does not exist"))),
            Some(Fault::Overtaken) => Some(Ok(request.refusal(412, "PreconditionFailed", "it has changed"))),
            Some(Fault::Internal) => Some(Ok(request.refusal(500, "InternalError", "try again"))),
            Some(Fault::Throttled) => Some(Ok(request.throttling())),
        }
    }

    fn record(&self, request: &Request, at_once: usize) -> Option<Fault> {
        let mut traffic = self.traffic.lock().unwrap_or_else(PoisonError::into_inner);
        traffic.calls.push(request.line());
        traffic.most_at_once = traffic.most_at_once.max(at_once);
        let number = traffic.calls.len();
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        *seen.entry(request.line()).or_default() += 1;
        let alike = seen[&request.line()];
        let holding =
            |text: &str| seen.iter().filter(|(call, _)| call.contains(text)).map(|(_, n)| n).sum::<usize>();
        let befalls = |when: &When| match when {
            When::Nth(nth) => number == *nth,
            When::From(first) => number >= *first,
            When::Is(line, nth) => alike == *nth && request.line() == *line,
            When::First => alike == 1,
            When::Holds(text) => request.holds(text),
            When::FirstHolds(text) => request.line().contains(text) && holding(text) == 1,
        };
        self.rules.iter().find(|(when, _)| befalls(when)).map(|(_, fault)| *fault)
    }

    /// The answer as it was, or as it is made anew.
    fn edited(&self, request: &Request, answer: Vec<u8>) -> Vec<u8> {
        let Some(edit) = self.edit else { return answer };
        let text = String::from_utf8_lossy(&answer);
        let parts = text.split_once("\r\n\r\n");
        let Some((head, body)) = parts.and_then(|(head, body)| Some((head, edit(&request.line(), body)?)))
        else {
            return answer;
        };
        let is_length = |line: &&str| line.to_ascii_lowercase().starts_with("content-length:");
        let head: Vec<_> = head.lines().filter(|line| !is_length(line)).collect();
        format!("{}\r\nContent-Length: {}\r\n\r\n{body}", head.join("\r\n"), body.len()).into_bytes()
    }

    fn forward(&self, request: &Request) -> std::io::Result<Vec<u8>> {
        let _passed = self.gate.pass();
        let mut upstream = TcpStream::connect(self.upstream)?;
        upstream.write_all(&request.closing_head())?;
        upstream.write_all(&request.body)?;
        let mut answer = Vec::new();
        upstream.read_to_end(&mut answer)?;
        Ok(answer)
    }
}

/// Keeps a connection open until the client gives up on it.
fn wait_for_end(client: &mut TcpStream) -> std::io::Result<()> {
    let mut piece = [0_u8; 512];
    while client.read(&mut piece)? > 0 {}
    Ok(())
}
