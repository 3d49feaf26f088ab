//! The query's parameter by which a client asks for a session that outlives its connection (`docs/resume.md`).

use std::borrow::Cow;

use hyper::http::StatusCode;

use super::upgrade::Refusal;
use crate::shard::Claim;

/// The parameter's name.
const NAME: &str = "_resume";

/// Takes the parameter out of a query, and returns the rest, which the app sees, and the claim. The first one counts.
///
/// # Errors
/// 400: its value is neither `new` nor a handle.
pub fn take(query: &str) -> Result<(Cow<'_, str>, Option<Claim>), Refusal> {
    let Some(asked) = query.split('&').find_map(value) else { return Ok((query.into(), None)) };
    let refusal =
        || Refusal::new(StatusCode::BAD_REQUEST, "the parameter _resume is neither \"new\" nor the handle of a session");
    let claim = Claim::read(asked).ok_or_else(refusal)?;
    let rest: Vec<_> = query.split('&').filter(|part| value(part).is_none()).collect();
    Ok((rest.join("&").into(), Some(claim)))
}

/// The parameter's value, if this part of a query is it.
fn value(part: &str) -> Option<&str> {
    match part.strip_prefix(NAME)? {
        "" => Some(""),
        rest => rest.strip_prefix('='),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(query: &str) -> (String, Option<Claim>) {
        let (rest, claim) = take(query).expect("it is allowed");
        (rest.into_owned(), claim)
    }

    #[test]
    fn the_app_does_not_see_the_parameter() {
        let session = Some(Claim::Session(0, 7.into()));
        let handle = Claim::handle(0, 7.into());
        assert_eq!(taken("_resume=new"), (String::new(), Some(Claim::New)));
        assert_eq!(taken(&format!("a=1&_resume={handle}&b=%20&")), ("a=1&b=%20&".into(), session));
        assert_eq!(taken(&format!("_resume={handle}&_resume=new")), (String::new(), session));
    }

    #[test]
    fn a_query_without_it_stays_as_it_is() {
        for query in ["", "a=1&&b", "x_resume=new", "_resumes=new", "a=_resume=new"] {
            assert_eq!(taken(query), (query.to_owned(), None));
        }
    }

    #[test]
    fn another_value_is_refused() {
        for query in ["_resume", "_resume=", "a&_resume=%20"] {
            assert_eq!(take(query).map_err(|refusal| refusal.status), Err(StatusCode::BAD_REQUEST));
        }
    }
}
