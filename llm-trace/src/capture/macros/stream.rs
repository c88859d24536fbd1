//! Steps for streams.

/// Like `__observe`, for a function that returns an `impl Stream` inside as many `Result`s and `Option`s as there are
/// `+` after the type of its items.
#[doc(hidden)]
#[macro_export]
macro_rules! __observe_stream {
    ($layers:tt $item_error:tt $call:ident, $ret:ident $($picks:tt)*) => {{
        let mut open = $crate::__private::core::option::Option::Some($call);
        let ret = $crate::__wrap_stream!($layers $item_error open, $ret);
        $crate::__finish!(open, &ret $($picks)*);
        ret
    }};
}

/// Searches two levels of `Result` and `Option` for a stream, which takes over the call.
#[doc(hidden)]
#[macro_export]
macro_rules! __adopt {
    ($item_error:tt $open:ident, $ret:ident) => {
        $crate::__layer!($ret, |ret| $crate::__layer!(ret, |ret| {
            let kind = {
                #[allow(unused_imports)]
                use $crate::__private::{capture::Probe as _, stream::Streamed};
                (&&Streamed::value(&ret)).probe()
            };
            kind.adopt(ret, &mut $open, |call, item| $crate::__item!($item_error call, item))
        }))
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __wrap_stream {
    ([$item:ty] $item_error:tt $open:ident, $ret:ident) => {
        $crate::__private::stream::wrap::<$item, _>($ret, &mut $open, |call, item| {
            $crate::__item!($item_error call, item)
        })
    };
    ([$item:ty, + $(, $layers:tt)*] $item_error:tt $open:ident, $ret:ident) => {
        $crate::__layer!($ret, |ret| $crate::__wrap_stream!([$item $(, $layers)*] $item_error $open, ret))
    };
}
