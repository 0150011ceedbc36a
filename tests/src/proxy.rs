//! A stretch of wire between a program and the account: it delays calls, counts them, and breaks some.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// What befalls a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It is refused for want of permission, and never reaches the account.
    Denied,
    /// The service fails inside, before anything was done.
    Internal,
    /// The service wants calls to be fewer.
    Throttled,
    /// The connection is cut before the call reaches the account.
    Reset,
    /// The account carries it out, and the answer is lost.
    AnswerLost,
}

/// Which calls a fault befalls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum When {
    /// The call of this number, counted from 1.
    Nth(usize),
    /// This call and every later one.
    From(usize),
    /// Every call whose head or body holds this text, like `Action=CreateRole`.
    Holds(String),
}

/// A fault and the calls it befalls.
pub type Rule = (When, Fault);

/// What went over the wire.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Traffic {
    /// One line a call: its method and path, and IAM's and STS's action.
    pub calls: Vec<String>,
    /// The most calls that were under way at the same time.
    pub most_at_once: usize,
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
    delay: Duration,
    rules: Vec<Rule>,
    traffic: Mutex<Traffic>,
    under_way: AtomicUsize,
    closed: AtomicBool,
}

impl Proxy {
    /// Listens on a free port of the loopback address; each call takes `delay` longer.
    #[must_use]
    pub fn start(upstream: SocketAddr, delay: Duration, rules: Vec<Rule>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap_or_else(|error| panic!("no port: {error}"));
        let address = listener.local_addr().unwrap_or_else(|error| panic!("no address: {error}"));
        let wire = Arc::new(Wire {
            upstream,
            delay,
            rules,
            traffic: Mutex::default(),
            under_way: AtomicUsize::new(0),
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
        let Some(request) = Request::read(&mut client)? else { return Ok(()) };
        let at_once = self.under_way.fetch_add(1, Ordering::SeqCst) + 1;
        let fault = self.record(&request, at_once);
        std::thread::sleep(self.delay);
        let answer = match fault {
            None => Some(self.forward(&request)),
            Some(Fault::AnswerLost) => self.forward(&request).ok().and(None),
            Some(Fault::Reset) => None,
            Some(Fault::Denied) => Some(Ok(request.refusal(403, "AccessDenied", "an explicit deny"))),
            Some(Fault::Internal) => Some(Ok(request.refusal(500, "InternalError", "try again"))),
            Some(Fault::Throttled) => Some(Ok(request.throttling())),
        };
        self.under_way.fetch_sub(1, Ordering::SeqCst);
        match answer {
            Some(answer) => client.write_all(&answer?),
            None => client.shutdown(Shutdown::Both),
        }
    }

    fn record(&self, request: &Request, at_once: usize) -> Option<Fault> {
        let mut traffic = self.traffic.lock().unwrap_or_else(PoisonError::into_inner);
        traffic.calls.push(request.line());
        traffic.most_at_once = traffic.most_at_once.max(at_once);
        let number = traffic.calls.len();
        let befalls = |when: &When| match when {
            When::Nth(nth) => number == *nth,
            When::From(first) => number >= *first,
            When::Holds(text) => request.holds(text),
        };
        self.rules.iter().find(|(when, _)| befalls(when)).map(|(_, fault)| *fault)
    }

    fn forward(&self, request: &Request) -> std::io::Result<Vec<u8>> {
        let mut upstream = TcpStream::connect(self.upstream)?;
        upstream.write_all(&request.closing_head())?;
        upstream.write_all(&request.body)?;
        let mut answer = Vec::new();
        upstream.read_to_end(&mut answer)?;
        Ok(answer)
    }
}

/// One HTTP/1.1 request, whole.
struct Request {
    head: String,
    body: Vec<u8>,
}

impl Request {
    fn read(client: &mut TcpStream) -> std::io::Result<Option<Self>> {
        let mut bytes = Vec::new();
        let mut piece = [0_u8; 8192];
        let end = loop {
            let read = client.read(&mut piece)?;
            if read == 0 {
                return Ok(None);
            }
            bytes.extend_from_slice(&piece[..read]);
            if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
        };
        let mut body = bytes.split_off(end);
        let head = String::from_utf8_lossy(&bytes).into_owned();
        let header = |name: &str| {
            head.lines().find_map(|line| {
                let (key, value) = line.split_once(':')?;
                key.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
            })
        };
        let length = header("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
        let chunked = header("transfer-encoding").is_some();
        while body.len() < length || (chunked && !body.ends_with(b"0\r\n\r\n")) {
            let read = client.read(&mut piece)?;
            if read == 0 {
                return Ok(None);
            }
            body.extend_from_slice(&piece[..read]);
        }
        Ok(Some(Self { head, body }))
    }

    /// Method and path, and the action that IAM and STS name in the body.
    fn line(&self) -> String {
        let first = self.head.lines().next().unwrap_or_default().trim_end_matches(" HTTP/1.1");
        let body = String::from_utf8_lossy(&self.body);
        let action = body.split('&').find(|pair| pair.starts_with("Action="));
        action.map_or_else(|| first.to_owned(), |action| format!("{first} {action}"))
    }

    fn holds(&self, text: &str) -> bool {
        self.head.contains(text) || String::from_utf8_lossy(&self.body).contains(text)
    }

    /// The head, but with the wish to be answered on a connection that is closed afterwards.
    fn closing_head(&self) -> Vec<u8> {
        let lines = self.head.trim_end().lines().filter(|line| {
            let name = line.split(':').next().unwrap_or_default();
            !name.eq_ignore_ascii_case("connection") && !name.eq_ignore_ascii_case("expect")
        });
        let head: Vec<_> = lines.collect();
        format!("{}\r\nConnection: close\r\n\r\n", head.join("\r\n")).into_bytes()
    }

    /// An error in the words of the service: S3 puts it bare, IAM and STS wrap it.
    fn refusal(&self, status: u16, code: &str, message: &str) -> Vec<u8> {
        let error = format!("<Code>{code}</Code><Message>{message}</Message>");
        let xml = if self.holds("Action=") {
            format!(
                "<ErrorResponse><Error><Type>Sender</Type>{error}</Error><RequestId>proxy</RequestId></ErrorResponse>"
            )
        } else {
            format!("<Error>{error}<RequestId>proxy</RequestId></Error>")
        };
        let length = xml.len();
        format!("HTTP/1.1 {status} Fault\r\nContent-Type: text/xml\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{xml}")
            .into_bytes()
    }

    fn throttling(&self) -> Vec<u8> {
        if self.holds("Action=") {
            self.refusal(400, "Throttling", "Rate exceeded")
        } else {
            self.refusal(503, "SlowDown", "Please reduce your request rate.")
        }
    }
}
