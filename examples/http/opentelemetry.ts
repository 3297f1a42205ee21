// A span of OpenTelemetry for each transfer, by the channels of node:diagnostics_channel: only the
// call of publish() is needed.
//
//   deno run --allow-ffi --allow-env examples/http/opentelemetry.ts https://example.com/
//   bun examples/http/opentelemetry.ts https://example.com/
//   > GET … ms {"http.request.method":"GET",…}
import { subscribe } from "node:diagnostics_channel";
import process from "node:process";
import { type Span, SpanKind, SpanStatusCode } from "@opentelemetry/api";
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-base";
import { fetch } from "curlew";
import { type ObservedTransfer, publish } from "curlew/observe";

const exporter = new InMemorySpanExporter(); // a real program sends the spans to a collector
const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
const tracer = provider.getTracer("curlew"), spans = new WeakMap<ObservedTransfer, Span>();

function on(moment: string, call: (transfer: ObservedTransfer) => void): void {
  subscribe(`curlew:transfer:${moment}`, (message) => {
    call((message as { transfer: ObservedTransfer }).transfer);
  });
}

on("start", (transfer) => {
  const { method, url, attempt, startTime } = transfer;
  const attributes = {
    "http.request.method": method ?? "_OTHER",
    "url.full": url,
    ...(attempt > 0 && { "http.request.resend_count": attempt }),
  };
  const kind = SpanKind.CLIENT;
  spans.set(transfer, tracer.startSpan(method ?? "HTTP", { kind, attributes, startTime }));
});
on("error", (transfer) => {
  const { message = "", name = "Error" } = transfer.error as Error;
  spans.get(transfer)?.setAttribute("error.type", name)
    .setStatus({ code: SpanStatusCode.ERROR, message });
});
on("end", (transfer) => {
  const { status, info, endTime } = transfer, span = spans.get(transfer);
  if (status !== null) span?.setAttribute("http.response.status_code", status);
  if (info?.primaryIp) span?.setAttribute("network.peer.address", info.primaryIp);
  if (info?.httpVersion) span?.setAttribute("network.protocol.version", info.httpVersion);
  span?.end(endTime ?? undefined);
});

publish(null); // of the default agent, which fetch uses
for (const url of process.argv.slice(2)) {
  await fetch(url, { timeout: 10_000 }).then((response) => response.text(), console.error);
}
for (const { name, duration: [s, ns], attributes } of exporter.getFinishedSpans()) {
  console.log(name, `${(s * 1e3 + ns / 1e6).toFixed(1)} ms`, JSON.stringify(attributes));
}
await provider.shutdown();
