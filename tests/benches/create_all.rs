//! Requests to signed bundle, with a key that exists: 7 and 1,000 requests.
fn main() {}
