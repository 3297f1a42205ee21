// The callbacks around a socket's life: OPENSOCKET, SOCKOPT, CLOSESOCKET.
import { describe, expect, test, vi } from "vitest";
import { closeOnExec, libc } from "../../../ffi/libc.ts";
import { constants, Multi, Share, type SocketAddress } from "../../../mod.ts";
import { closeHookCount } from "../../../src/handles/core/close_hook.ts";
import { useServer } from "../../use.ts";
import { codeOf, facts, get, Transfer } from "../easy_support.ts";

const AF_INET = 2, AF_UNIX = 1, SOCK_STREAM = 1, SOCK_CLOEXEC = 0x80000;
const { CURLSOCKTYPE_IPCXN, CURL_SOCKOPT_OK } = constants;

const server = useServer("http", "unix");

const isOpen = (fd: number) => closeOnExec(fd);

describe("OPENSOCKETFUNCTION", () => {
  test("gets OPENSOCKETDATA, the purpose and the address", () => {
    const calls: [unknown, number, SocketAddress][] = [];
    get(server.url("/small"), {
      OPENSOCKETDATA: "data",
      OPENSOCKETFUNCTION: (...args) => void calls.push(args),
    }).close();
    const [data, purpose, address] = calls[0]!;
    expect([calls.length, data, purpose]).toEqual([1, "data", CURLSOCKTYPE_IPCXN]);
    expect(address).toMatchObject({ family: AF_INET });
    // libcurl 8.19 and later say SOCK_CLOEXEC, too
    expect(address.socktype & ~SOCK_CLOEXEC).toBe(SOCK_STREAM);
    // struct sockaddr_in: port @2, address @4
    const { addr } = address;
    expect([addr[2]! << 8 | addr[3]!, ...addr.slice(4, 8)]).toEqual([server.http, 127, 0, 0, 1]);
  });

  test("the address of a unix socket holds its whole path", () => {
    const addresses: SocketAddress[] = [];
    get("http://unix/small", {
      UNIX_SOCKET_PATH: server.unix,
      OPENSOCKETFUNCTION: (_, __, address) => void addresses.push(address),
    }).close();
    expect(addresses[0]?.family).toBe(AF_UNIX);
    expect(new TextDecoder().decode(addresses[0]?.addr)).toContain(server.unix);
  });

  test("may open the socket itself", () => {
    let opened = -1;
    using easy = get(server.url("/small"), {
      OPENSOCKETFUNCTION: (_, __, { family, socktype, protocol }) =>
        opened = libc.socket(family, socktype, protocol),
    });
    expect(easy.getInfo("ACTIVESOCKET")).toBe(opened);
  });

  test("CURL_SOCKET_BAD ends the transfer with CURLE_COULDNT_CONNECT", () => {
    using easy = new Transfer(server.url("/small"), { OPENSOCKETFUNCTION: () => -1 });
    expect(facts(() => easy.perform())).toMatchObject({ code: 7, caused: false });
  });
});

describe("SOCKOPTFUNCTION", () => {
  test("gets SOCKOPTDATA, the descriptor and the purpose", () => {
    const calls: unknown[][] = [];
    using easy = get(server.url("/small"), {
      SOCKOPTDATA: "data",
      SOCKOPTFUNCTION: (...args) => (calls.push(args), CURL_SOCKOPT_OK),
    });
    expect(calls).toEqual([["data", easy.getInfo("ACTIVESOCKET"), CURLSOCKTYPE_IPCXN]]);
  });

  test("CURL_SOCKOPT_ERROR ends the transfer", () => {
    const SOCKOPTFUNCTION = () => constants.CURL_SOCKOPT_ERROR;
    using easy = new Transfer(server.url("/small"), { SOCKOPTFUNCTION });
    expect([7, 42]).toContain(codeOf(() => easy.perform()));
  });
});

describe("CLOSESOCKETFUNCTION", () => {
  test("gets CLOSESOCKETDATA and the descriptor; undefined leaves the closing to curlew", () => {
    const calls: unknown[][] = [];
    let used = -1;
    const easy = new Transfer(server.url("/small"), {
      FORBID_REUSE: true,
      CLOSESOCKETDATA: "data",
      SOCKOPTFUNCTION: (_, fd) => void (used = fd),
      CLOSESOCKETFUNCTION: (...args) => void calls.push(args),
    });
    easy.perform();
    expect(calls).toEqual([["data", used]]);
    expect(isOpen(used)).toBe(false);
    easy.close();
    expect(calls).toHaveLength(1);
  });

  test("an integer says that the user closed it: curlew does not", () => {
    let seen = -1;
    const CLOSESOCKETFUNCTION = (_: unknown, fd: number) => (seen = fd, 0);
    get(server.url("/small"), { FORBID_REUSE: true, CLOSESOCKETFUNCTION }).close();
    expect(isOpen(seen)).toBe(true);
    libc.close(seen);
  });

  test("fires in close() for a connection that was kept", () => {
    const closed: number[] = [];
    const CLOSESOCKETFUNCTION = (_: unknown, fd: number) => void closed.push(fd);
    const easy = get(server.url("/small"), { CLOSESOCKETFUNCTION });
    const fd = easy.getInfo("ACTIVESOCKET");
    expect(closed).toEqual([]);
    easy.close();
    expect(closed).toEqual([fd]);
  });

  test("fires after its easy is closed, when the shared cache goes", () => {
    const hooks = closeHookCount();
    const closed: unknown[] = [];
    const share = new Share();
    share.setOpt("SHARE", constants.CURL_LOCK_DATA_CONNECT);
    get(server.url("/small"), {
      SHARE: share,
      CLOSESOCKETDATA: "data",
      CLOSESOCKETFUNCTION: (data) => void closed.push(data),
    }).close();
    expect(closed).toEqual([]);
    expect(closeHookCount()).toBe(hooks + 1);
    share.close();
    expect(closed).toEqual(["data"]);
    expect(closeHookCount()).toBe(hooks);
  });

  test("fires after its easy is closed, when the multi's cache goes", () => {
    const hooks = closeHookCount();
    const closed: number[] = [];
    const multi = new Multi();
    const easy = new Transfer(server.url("/small"), {
      CLOSESOCKETFUNCTION: (_, fd) => void closed.push(fd),
    });
    multi.addHandle(easy);
    while (multi.perform() > 0) multi.poll([], 1000);
    easy.close();
    expect(closed).toEqual([]);
    multi.close();
    expect(closed).toHaveLength(1);
    expect(closeHookCount()).toBe(hooks);
  });

  test("one that fails after its easy is closed is reported, whether it threw or returned nonsense", async () => {
    const thrown = new Error("from the callback"), reported: unknown[] = [];
    const throws = () => {
      throw thrown;
    };
    vi.stubGlobal("reportError", (error: unknown) => void reported.push(error));
    try {
      for (const CLOSESOCKETFUNCTION of [throws, () => 2 ** 63]) {
        const multi = new Multi();
        const easy = new Transfer(server.url("/small"), { CLOSESOCKETFUNCTION });
        multi.addHandle(easy);
        while (multi.perform() > 0) multi.poll([], 1000);
        easy.close();
        multi.close();
      }
      await Promise.resolve();
    } finally {
      vi.unstubAllGlobals();
    }
    const nonsense = "The CLOSESOCKETFUNCTION returned 9223372036854776000, expected an integer " +
      "from -2147483648 to 4294967295";
    expect(reported).toEqual([thrown, new TypeError(nonsense)]);
  });

  test("a connection keeps the function that it was made with", () => {
    const closed: string[] = [];
    const easy = get(server.url("/small"), {
      CLOSESOCKETFUNCTION: () => void closed.push("old"),
    });
    easy.setOpt("CLOSESOCKETFUNCTION", () => void closed.push("new"));
    easy.setOpt("FRESH_CONNECT", true);
    easy.perform();
    easy.close();
    expect(closed.toSorted()).toEqual(["new", "old"]);
  });

  test("still fires where the easy was reset while a Share keeps its connections", () => {
    const closed: string[] = [];
    const share = new Share();
    share.setOpt("SHARE", constants.CURL_LOCK_DATA_CONNECT);
    const easy = new Transfer(server.url("/small"), { SHARE: share });
    easy.reset(); // which keeps the share
    easy.setOpts({
      URL: server.url("/small"),
      TIMEOUT_MS: 5000,
      NOPROXY: "*",
      WRITEFUNCTION: easy.write,
      CLOSESOCKETFUNCTION: () => void closed.push("fired"),
    });
    easy.perform();
    easy.close();
    share.close();
    expect(closed).toEqual(["fired"]);
  });
});
