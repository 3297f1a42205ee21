// deno-lint-ignore-file no-empty-interface no-explicit-any
// The names of the web's interfaces that curlew's declarations use. Where a runtime or the DOM
// library declares them, these add nothing, since interfaces merge; without either, the names
// exist.
interface AbortSignal {}
interface AddEventListenerOptions {}
interface Blob {}
interface CloseEvent {}
interface ErrorEvent {}
interface Event {}
interface EventTarget {}
interface FormData {}
interface Headers {}
interface MessageEvent<T = any> {}
interface ReadableStream<R = any> {}
interface ReadableStreamDefaultReader<R = any> {}
interface Request {}
interface RequestInit {}
interface Response {}
interface URL {}
interface URLSearchParams {}
