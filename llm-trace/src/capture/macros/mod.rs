//! The probes, expanded inside the user's function.
//!
//! Each step is a separate block, so that no trait of this crate is in scope for the user's expressions.

#[cfg(not(feature = "stream"))]
mod absent;
#[cfg(feature = "stream")]
mod stream;

/// Removes the wrappers of a request value.
#[doc(hidden)]
#[macro_export]
macro_rules! __request_leaf {
    ($value:expr) => {{
        #[allow(unused_imports)]
        use $crate::__private::capture::{Looked as _, Probe as _, Unwrap as _};
        (&&&$value.__llm_trace_slot().peel().peel().peel().head().1.peel().peel().question()).probe()
    }};
}

/// Reads a short text.
#[doc(hidden)]
#[macro_export]
macro_rules! __text {
    ($value:expr) => {{
        #[allow(unused_imports)]
        use $crate::__private::capture::{Looked as _, Probe as _, Unwrap as _};
        (&&&$value.__llm_trace_slot().peel().peel().peel().text_of()).probe().text()
    }};
}

/// Reads a short text returned by a closure.
#[doc(hidden)]
#[macro_export]
macro_rules! __picked_text {
    ($picked:ident) => {{
        #[allow(unused_imports)]
        use $crate::__private::capture::{Probe as _, Unwrap as _};
        (&&&$crate::__slot!(&$picked).peel().peel().text_of()).probe().text()
    }};
}

/// Reads an attribute's value.
#[doc(hidden)]
#[macro_export]
macro_rules! __attribute {
    ($value:expr) => {{
        #[allow(unused_imports)]
        use $crate::__private::capture::{Looked as _, Probe as _, Unwrap as _};
        (&&&$value.__llm_trace_slot().peel().peel().peel().attribute_of()).probe().value()
    }};
}

/// Selects by the return type of a non-async function when its call ends.
#[doc(hidden)]
#[macro_export]
macro_rules! __shape {
    ($ty:ty) => {{
        #[allow(unused_imports)]
        use $crate::__private::capture::{Probe as _, TypeOf};
        (&&TypeOf::<$ty>::new()).probe()
    }};
}

/// A probe of an optional value. It starts with a method on the value: see `Looked`.
#[doc(hidden)]
#[macro_export]
macro_rules! __slot {
    ($value:expr) => {{
        #[allow(unused_imports)]
        use $crate::__private::capture::{Looked as _, Probed};
        match $value {
            $crate::__private::core::option::Option::Some(value) => value.__llm_trace_slot(),
            $crate::__private::core::option::Option::None => Probed($crate::__private::core::option::Option::None),
        }
    }};
}

/// Splits a value into success and error, at two levels.
#[doc(hidden)]
#[macro_export]
macro_rules! __split {
    ($value:expr) => {{
        #[allow(unused_imports)]
        use $crate::__private::capture::{Looked as _, Probe as _, Unwrap as _};
        let (value, outer) = $value.__llm_trace_slot().peel().peel().split();
        let (value, inner) = $crate::__slot!(value.0).peel().peel().split();
        let outer = (&&&&$crate::__slot!(outer.0).peel().peel().status().error_of()).probe();
        let inner = (&&&&$crate::__slot!(inner.0).peel().peel().status().error_of()).probe();
        (value, outer, inner)
    }};
}

/// Removes the wrappers of a response value, and reads the head of an HTTP response.
#[doc(hidden)]
#[macro_export]
macro_rules! __answer_leaf {
    ($slot:expr) => {{
        #[allow(unused_imports)]
        use $crate::__private::capture::{Probe as _, Unwrap as _};
        let (head, slot) = $crate::__slot!($slot.0).peel().peel().peel().head();
        (head, (&&&slot.peel().peel().answer()).probe())
    }};
}

/// Reads the return value of a function, ends its call or passes it to a stream, and returns the value. Its type does
/// not change. The brackets hold the closure for errors among a stream's items.
#[doc(hidden)]
#[macro_export]
macro_rules! __observe {
    ($item_error:tt $call:ident, $ret:ident $($picks:tt)*) => {{
        let mut open = $crate::__private::core::option::Option::Some($call);
        let ret = $crate::__adopt!($item_error open, $ret);
        $crate::__finish!(open, &ret $($picks)*);
        ret
    }};
}

/// Ends a call with the function's return value, unless a stream has taken over the call.
#[doc(hidden)]
#[macro_export]
macro_rules! __finish {
    ($open:ident, $ret:expr $(, response = $response:expr)? $(, output = $output:expr)? $(, decision = $decision:expr)? $(, failed = $failed:expr)? $(, error_type = $error:expr)?) => {
        if let $crate::__private::core::option::Option::Some(call) = $open {
            if call.is_enabled() {
                let ret = $ret;
                $($crate::__pick_output!(call, ret, $output);)?
                $($crate::__pick_decision!(call, ret, $decision);)?
                $($crate::__pick_failed!(call, ret, $failed);)?
                $($crate::__pick_error!(call, ret, $error);)?
                let (value, outer, inner) = $crate::__split!(ret);
                $crate::__finish_value!(call, ret, value, [outer.error(), inner.error()] $(, $response)?);
            }
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __finish_value {
    ($call:ident, $ret:ident, $value:ident, $errors:expr) => {
        let type_name = $value.type_name();
        let (head, leaf) = $crate::__answer_leaf!($value);
        let value = $crate::__private::capture::captured(head, &leaf);
        $crate::__private::capture::finish($call, value, type_name, $errors);
    };
    ($call:ident, $ret:ident, $value:ident, $errors:expr, $response:expr) => {
        let picked = $crate::__picked!($ret).and_then(|value| $crate::__private::capture::apply(value, $response));
        let picked = $crate::__slot!(&picked);
        let type_name = picked.type_name();
        let (head, leaf) = $crate::__answer_leaf!(picked);
        let value = $crate::__private::capture::captured(head, &leaf);
        $crate::__private::capture::finish($call, value, type_name, $errors);
    };
}

/// The argument of a user closure: the return value, or the `Ok` of a `Result`.
#[doc(hidden)]
#[macro_export]
macro_rules! __picked {
    ($ret:ident) => {{
        #[allow(unused_imports)]
        use $crate::__private::capture::{Probed, Unwrap as _};
        Probed::new($ret).split().0.0
    }};
}

#[doc(hidden)]
#[macro_export]
macro_rules! __pick_output {
    ($call:ident, $ret:ident, $output:expr) => {
        let picked = $crate::__picked!($ret).and_then(|value| $crate::__private::capture::apply(value, $output));
        let (head, leaf) = $crate::__answer_leaf!($crate::__slot!(&picked));
        $call.output($crate::__private::capture::captured(head, &leaf));
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __pick_decision {
    ($call:ident, $ret:ident, $decision:expr) => {
        let picked = $crate::__picked!($ret).and_then(|value| $crate::__private::capture::apply(value, $decision));
        if let $crate::__private::core::option::Option::Some(decision) = $crate::__picked_text!(picked) {
            $call.decision(decision.into_owned());
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __pick_failed {
    ($call:ident, $ret:ident, $failed:expr) => {
        let picked = $crate::__picked!($ret).and_then(|value| $crate::__private::capture::apply(value, $failed));
        if let $crate::__private::core::option::Option::Some(true) = picked {
            $call.failed();
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __pick_error {
    ($call:ident, $ret:ident, $error:expr) => {
        let error = {
            #[allow(unused_imports)]
            use $crate::__private::capture::{Probed, Unwrap as _};
            Probed::new($ret).split().1.0
        };
        let picked = error.and_then(|error| $crate::__private::capture::apply(error, $error));
        if let $crate::__private::core::option::Option::Some(error_type) = $crate::__picked_text!(picked) {
            $call.error_type(error_type.into_owned());
        }
    };
}

/// Maps the value inside a `Result` or an `Option`, or any other value directly.
#[doc(hidden)]
#[macro_export]
macro_rules! __layer {
    ($value:ident, |$inner:ident| $map:expr) => {{
        let layer = {
            #[allow(unused_imports)]
            use $crate::__private::capture::{Looked as _, Unlayered as _};
            $value.__llm_trace_type().layer()
        };
        layer.map($value, |$inner| $map)
    }};
}

/// Records one item of a stream.
#[doc(hidden)]
#[macro_export]
macro_rules! __item {
    ([$($error:expr)?] $call:ident, $item:ident) => {{
        $($crate::__pick_error!($call, $item, $error);)?
        let (value, outer, inner) = $crate::__split!($item);
        let (_, leaf) = $crate::__answer_leaf!(value);
        match outer.error().or_else(|| inner.error()) {
            $crate::__private::core::option::Option::Some(error) => $call.item_error(error),
            $crate::__private::core::option::Option::None => {
                $call.item($crate::__private::capture::captured($crate::__private::core::option::Option::None, &leaf));
            }
        }
    }};
}
