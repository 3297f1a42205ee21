/** A poller and its kernel, in which a test decides which descriptors are open and ready. */
import { type Poller, READ, WRITE } from "../../../src/driver/poller/poller.ts";

interface File {
  ready: number;
  registered: { interest: number; tag: number } | null;
}

interface Event {
  readonly fd: number;
  readonly mask: number;
  readonly tag: number;
  readonly file: File;
}

/** As in epoll, a registration belongs to the open file, and ends with it. */
export class FakePoller implements Poller {
  readonly fd: number = -7;
  readonly capacity: number = 64;
  readonly files: Map<number, File> = new Map();
  /** Each call, for tests that count them. */
  readonly calls: string[] = [];
  /** The events of the last call; an event keeps the file that it belongs to. */
  events: Event[] = [];

  /** Opens the lowest free number. */
  open(): number {
    let fd = 3;
    while (this.files.has(fd)) fd++;
    this.files.set(fd, { ready: 0, registered: null });
    return fd;
  }

  /** Closes a descriptor, registered or not. */
  close(fd?: number): void {
    if (fd !== undefined) this.files.delete(fd);
  }

  set(fd: number, interest: number, tag: number): void {
    this.calls.push(`set ${fd} ${interest}`);
    const file = this.files.get(fd);
    if (!file) throw new Error("EBADF");
    file.registered = { interest, tag };
  }

  delete(fd: number): void {
    this.calls.push(`delete ${fd}`);
    const file = this.files.get(fd);
    if (file) file.registered = null;
  }

  confirm(fd: number, interest: number, tag: number): boolean {
    const registered = this.files.get(fd)?.registered;
    return registered?.interest === interest && registered.tag === tag;
  }

  ready(): number {
    this.events = [];
    for (const [fd, file] of this.files) {
      if (!file.registered) continue;
      const mask = file.ready & (file.registered.interest | ~(READ | WRITE));
      if (mask) this.events.push({ fd, mask, tag: file.registered.tag, file });
    }
    return this.events.length;
  }

  fdAt(event: number): number {
    return this.events[event]!.fd;
  }

  maskAt(event: number): number {
    return this.events[event]!.mask;
  }

  tagAt(event: number): number {
    return this.events[event]!.tag;
  }

  prepareWake(): void {}

  wake(): void {}

  /** The interest under which a number is registered, 0 where it is not. */
  interestOf(fd: number): number {
    return this.files.get(fd)?.registered?.interest ?? 0;
  }
}
