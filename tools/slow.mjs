// The slow tests: many child processes, sweeps, large bodies or real waits.

/** The test files that `npm test -- --quick` and `npm run test:arm64` leave out. */
export const SLOW = [
  ...["bench", "demo", "docs", "package", "package_types", "release"],
  ...["cli/code", "cli/curl", "cli/output", "cli/wire", "command/round_trip"],
  ...["contract/parked_process", "doctor/doctor"],
  ...["driver/parking/alive", "driver/connect_only_waits", "driver/timing/fairness"],
  ...["driver/parking/idle", "driver/leak", "driver/parking/many_agents"],
  ...["driver/timing/regular_looks", "driver/resilience", "driver/quirks/stray_bytes"],
  ...["driver/timing/timers", "driver/parking/waiter", "driver/worker", "driver/own_loop/alive"],
  ...["driver/own_loop/poller", "examples/heads"],
  ...["faults/process_ends", "faults/process_life", "faults/process_resources"],
  ...["faults/wire_responses", "fuzz/fuzz"],
  ...["handles/callbacks/values", "handles/base/easy_gc", "handles/base/multi_gc"],
  ...["handles/easy/options_in_use", "handles/connections/reuse", "handles/base/without_source"],
  ...["http/response/abort_body", "http/response/backpressure", "http/request_body/early_answers"],
  ...["http/response/lifetime", "http/transfer/limits", "http/transfer/load"],
  ...["http/response/native_readers", "http/request/own_options", "http/transfer/redirect_alike"],
  ...["http/response/unpacking", "http/response/unread", "http/files/changing_file"],
  ...["http/files/download"],
  ...["http/files/resources", "http/files/shared_folder", "http/files/upload"],
  ...["http/session/types", "http/websocket/lifetime", "http/websocket/pollution"],
  ...["http/websocket/protocol", "node_libcurl/alias", "register/programs"],
  ...["security/pollution", "security/untrusted", "server/child", "server/server", "site/cookbook"],
  ...["soak/soak"],
].map((name) => `test/${name}.test.ts`);

/** More tests that `--quick` leaves out: other tests of the same room cover most of the same code. */
export const THOROUGH = [
  ...["command/limits", "contract/spawn", "driver/connection_classes", "driver/timing/deadlines"],
  ...["driver/growth", "driver/quirks/h2_leftovers", "driver/debug/invariants", "driver/options"],
  ...["driver/sockets_model", "examples/connections", "examples/loops", "examples/scale"],
  ...["handles/easy/hostile", "handles/base/memory", "handles/multi/abort", "http/request/auth"],
  ...["http/request_body/form_data", "http/transfer/in_callbacks", "http/files/endless_source"],
  ...["examples/files", "http/response/head_flood", "http/response/whole_readers"],
  ...["http/retry/retry", "http/websocket/messages", "node_libcurl/curl", "node_libcurl/reports"],
  ...["observe/har", "seeds/curl_multi_socket_deprecated", "seeds/curlmopt_socketfunction"],
].map((name) => `test/${name}.test.ts`);
