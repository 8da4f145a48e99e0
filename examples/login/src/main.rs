//! A web app whose users log in with their MediaWiki account.

fn main() {}
