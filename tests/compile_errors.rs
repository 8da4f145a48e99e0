//! Mistakes that do not compile, and what the compiler says about them.
//!
//! Each module below is compiled alone, by `cargo rustc --test compile_errors -- --cfg …`, with the features of this run.

#![allow(unexpected_cfgs, clippy::unwrap_used, reason = "a `--cfg` for each mistake; tests")]

use std::process::Command;

const FEATURES: [(&str, bool); 17] = [
    ("aws-lc-rs", cfg!(feature = "aws-lc-rs")),
    ("axum", cfg!(feature = "axum")),
    ("client", cfg!(feature = "client")),
    ("diagnose", cfg!(feature = "diagnose")),
    ("handshake", cfg!(feature = "handshake")),
    ("mediawiki", cfg!(feature = "mediawiki")),
    ("pkcs12", cfg!(feature = "pkcs12")),
    ("provider", cfg!(feature = "provider")),
    ("redis", cfg!(feature = "redis")),
    ("reqwest", cfg!(feature = "reqwest")),
    ("retry", cfg!(feature = "retry")),
    ("rsa", cfg!(feature = "rsa")),
    ("serde", cfg!(feature = "serde")),
    ("server", cfg!(feature = "server")),
    ("testing", cfg!(feature = "testing")),
    ("tracing", cfg!(feature = "tracing")),
    ("xml", cfg!(feature = "xml")),
];

/// Compiles this file with one of the modules below. The error is the compiler's output.
fn compile(module: &str) -> Result<(), String> {
    let features: Vec<_> = FEATURES.iter().filter(|(_, is_on)| *is_on).map(|(name, _)| *name).collect();
    let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["rustc", "--quiet", "--offline", "--color=never", "--test=compile_errors", "--no-default-features"])
        .arg(format!("--features={}", features.join(",")))
        .args(["--", "--cfg", module])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}

#[test]
fn an_inner_service_that_takes_no_signed_body() {
    assert_eq!(compile("right"), Ok(()));
    for module in ["call", "oneshot", "bound"] {
        let printed = compile(module).unwrap_err();
        for expected in ["SignedBody<", ".without_form_bodies()"] {
            assert!(printed.contains(expected), "{module} does not say {expected}: {printed}");
        }
        assert_eq!(printed.matches("error[E").count(), 1, "{printed}");
    }
}

#[cfg(any(right, call, oneshot, bound))]
mod inner {
    use bytes::Bytes;
    use http::{Request, Response};
    use http_body_util::Full;
    use tower::{BoxError, Service, ServiceBuilder, service_fn};
    use tower_oauth1::{ClientCredentials, OAuthSignLayer, Origin, Signer};

    pub(crate) type Plain = Request<Full<Bytes>>;

    /// Takes the request's own body, and so cannot be the inner service.
    fn plain() -> impl Service<Plain, Response = Response<()>, Error = BoxError, Future: Send> + Clone {
        service_fn(async |_: Plain| Ok::<_, BoxError>(Response::new(())))
    }

    pub(crate) fn layer() -> OAuthSignLayer {
        let signer = Signer::new(ClientCredentials::new("key", "secret"));
        OAuthSignLayer::new(signer, Origin::parse("https://photos.example.net").unwrap())
    }

    #[cfg(right)]
    fn _right() {
        fn is_client<S: Service<Plain>>(_: S) {}
        is_client(ServiceBuilder::new().layer(layer().without_form_bodies()).service(plain()));
        let generic = service_fn(async |_: Request<_>| Ok::<_, BoxError>(Response::new(())));
        is_client(ServiceBuilder::new().layer(layer()).service(generic));
    }

    #[cfg(call)]
    fn _call() {
        let mut client = ServiceBuilder::new().layer(layer()).service(plain());
        let _ = client.call(Plain::default());
    }

    #[cfg(oneshot)]
    fn _oneshot() {
        use tower::ServiceExt as _;

        let client = ServiceBuilder::new().layer(layer()).service(plain());
        let _ = client.oneshot(Plain::default());
    }

    #[cfg(bound)]
    fn _bound() {
        fn is_client<S: Service<Plain>>(_: S) {}
        is_client(ServiceBuilder::new().layer(layer()).service(plain()));
    }
}
