//! In place of `stream` without its feature: no value is a stream.

#[doc(hidden)]
#[macro_export]
macro_rules! __observe_stream {
    ($($tokens:tt)*) => {
        $crate::__private::core::compile_error!(
            "to trace a function that returns a stream, enable the feature `stream` of `llm-trace`"
        )
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __adopt {
    ($item_error:tt $open:ident, $ret:ident) => {{
        let _ = &mut $open;
        $ret
    }};
}
