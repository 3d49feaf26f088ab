//! Requests through `wasi:http`, for which the handler waits.

use wasip2::http::outgoing_handler::handle;
use wasip2::http::types::{
    ErrorCode, Fields, FutureIncomingResponse, IncomingResponse, Method, OutgoingBody, OutgoingRequest, Scheme,
};
use wasip2::io::streams::StreamError;

/// The answer to a GET, or the error code.
pub fn get(url: &str) -> String {
    told(handle(request(url, Method::Get), None).and_then(|future| text(&response(&future)?)))
}

/// The answer to a POST with a body of this size.
pub fn upload(url: &str, size: usize) -> String {
    let sent = (|| {
        let request = request(url, Method::Post);
        let body = request.body().expect("it has no body yet");
        let future = handle(request, None)?;
        let stream = body.write().expect("it is not written yet");
        let bytes = vec![b'x'; size];
        // An upload that is refused closes the stream: the answer has the reason.
        if bytes.chunks(4096).all(|chunk| stream.blocking_write_and_flush(chunk).is_ok()) {
            drop(stream);
            OutgoingBody::finish(body, None)?;
        }
        text(&response(&future)?)
    })();
    told(sent)
}

/// Begins requests that nobody reads until one is refused. Returns their number, and why.
pub fn flood(url: &str) -> String {
    let mut begun = Vec::new();
    loop {
        let future = handle(request(url, Method::Get), None).expect("it is well-formed");
        match response(&future) {
            Ok(response) => begun.push(response),
            Err(error) => return format!("{} and {error:?}", begun.len()),
        }
    }
}

fn told(answer: Result<String, ErrorCode>) -> String {
    answer.unwrap_or_else(|error| format!("{error:?}"))
}

fn request(url: &str, method: Method) -> OutgoingRequest {
    let (scheme, rest) = url.split_once("://").expect("an absolute URL");
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let headers = Fields::from_list(&[("x-note".to_owned(), b"a note".to_vec())]).expect("the header is allowed");
    let request = OutgoingRequest::new(headers);
    request.set_method(&method).expect("a method");
    request.set_scheme(Some(&if scheme == "https" { Scheme::Https } else { Scheme::Http })).expect("a scheme");
    request.set_authority(Some(authority)).expect("an authority");
    request.set_path_with_query(Some(path)).expect("a path");
    request
}

fn response(future: &FutureIncomingResponse) -> Result<IncomingResponse, ErrorCode> {
    future.subscribe().block();
    future.get().expect("it is ready").expect("it is taken once")
}

fn text(response: &IncomingResponse) -> Result<String, ErrorCode> {
    let body = response.consume().expect("it is taken once");
    let stream = body.stream().expect("it is taken once");
    let mut bytes = Vec::new();
    loop {
        match stream.blocking_read(64 << 10) {
            Ok(read) => bytes.extend(read),
            Err(StreamError::Closed) => break,
            Err(StreamError::LastOperationFailed(error)) => {
                // With `RUST_BACKTRACE` a backtrace of the host follows.
                let text = error.to_debug_string();
                return Ok(format!("failed: {}", text.lines().next().unwrap_or_default()));
            }
        }
    }
    Ok(format!("{} {}", response.status(), String::from_utf8_lossy(&bytes)))
}
