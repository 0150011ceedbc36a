//! Requests as they pass through the proxy, and answers that it gives in the account's stead.

use std::io::Read as _;
use std::net::TcpStream;

/// One HTTP/1.1 request, whole.
pub(super) struct Request {
    pub(super) head: String,
    pub(super) body: Vec<u8>,
}

impl Request {
    pub(super) fn read(client: &mut TcpStream) -> std::io::Result<Option<Self>> {
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

    /// Method and path, and what IAM's and STS's body says of the action and of what it is for.
    pub(super) fn line(&self) -> String {
        const NAMES: [&str; 5] =
            ["Action=", "RoleName=", "PolicyName=", "PolicyArn=", "OpenIDConnectProviderArn="];
        let first = self.head.lines().next().unwrap_or_default().trim_end_matches(" HTTP/1.1");
        let body = String::from_utf8_lossy(&self.body);
        let named = body.split('&').filter(|pair| NAMES.iter().any(|name| pair.starts_with(name)));
        named.fold(first.to_owned(), |line, pair| line + " " + pair)
    }

    /// Asks for lists in pages of this size, whatever the caller asked for.
    pub(super) fn in_pages_of(&mut self, size: usize) {
        let body = String::from_utf8_lossy(&self.body).into_owned();
        let lists = ["Action=ListRoles", "Action=ListRolePolicies", "Action=ListAttachedRolePolicies"];
        if lists.iter().any(|list| body.split('&').any(|pair| pair == *list)) {
            let others = body.split('&').filter(|pair| !pair.starts_with("MaxItems="));
            let body = others.chain([format!("MaxItems={size}").as_str()]).collect::<Vec<_>>().join("&");
            let lines = self.head.trim_end().lines().map(|line| {
                let is_length = line.to_ascii_lowercase().starts_with("content-length:");
                if is_length { format!("Content-Length: {}", body.len()) } else { line.to_owned() }
            });
            self.head = lines.collect::<Vec<_>>().join("\r\n") + "\r\n\r\n";
            self.body = body.into_bytes();
        } else if let Some((path, rest)) = self.head.split_once("?versions") {
            self.head = format!("{path}?versions&max-keys={size}{rest}");
        }
    }

    pub(super) fn holds(&self, text: &str) -> bool {
        self.head.contains(text) || String::from_utf8_lossy(&self.body).contains(text)
    }

    /// The head, but with the wish to be answered on a connection that is closed afterwards.
    pub(super) fn closing_head(&self) -> Vec<u8> {
        let lines = self.head.trim_end().lines().filter(|line| {
            let name = line.split(':').next().unwrap_or_default();
            !name.eq_ignore_ascii_case("connection") && !name.eq_ignore_ascii_case("expect")
        });
        let head: Vec<_> = lines.collect();
        format!("{}\r\nConnection: close\r\n\r\n", head.join("\r\n")).into_bytes()
    }

    /// An error in the words of the service: S3 puts it bare, the others wrap it.
    pub(super) fn refusal(&self, status: u16, code: &str, message: &str) -> Vec<u8> {
        let error = format!("<Code>{code}</Code><Message>{message}</Message>");
        let xml = if self.holds("Action=") || self.head.contains(" /2020-05-31/") {
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

    pub(super) fn throttling(&self) -> Vec<u8> {
        if self.holds("Action=") {
            self.refusal(400, "Throttling", "Rate exceeded")
        } else {
            self.refusal(503, "SlowDown", "Please reduce your request rate.")
        }
    }
}
