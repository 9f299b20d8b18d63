// Brings every answer to the server, however often the network, the server or the browser goes away meanwhile.
// An answer is written to this device first and forgotten only when the server has confirmed it.

const LONGEST_WAIT = 30_000;
const PATIENCE = 15_000;
const REFUSALS = [400, 413, 415, 422];

export class Saver {
  #attempt;
  #sequence;
  #tell;
  #key;
  #memory = null;
  #live = new Set();
  #refused = new Set();
  #failures = 0;
  #timer = null;
  #running = null;
  #closed = false;

  /** `tell`: callbacks state(name, reason), refused(position, message), replaced(position, response), closed(), time(header). */
  constructor(attempt, sequence, tell) {
    this.#attempt = attempt;
    this.#sequence = sequence;
    this.#tell = tell;
    this.#key = `confero-exam-${attempt}`;
    addEventListener("online", () => this.flush());
    addEventListener("pagehide", () => this.#leave());
    document.addEventListener("visibilitychange", () => (document.hidden ? this.#leave() : this.flush()));
  }

  /** Answers of this device that the server has not confirmed, by position: {sequence, response}. */
  pending() {
    return this.#load().pending;
  }

  /** Drop what the server already holds in a newer form. */
  forget(position) {
    this.#change((kept) => delete kept.pending[position]);
  }

  /** Keep `response` on this device now and send it after `delay` milliseconds. */
  put(position, response, delay) {
    if (this.#closed) return;
    this.#live.add(position);
    this.#refused.delete(position);
    this.#record(position, response, false);
    this.#tell.state("saving");
    this.#later(delay);
  }

  /** Send everything that waits; resolves to whether the server now has it all. */
  flush() {
    clearTimeout(this.#timer);
    this.#running ??= this.#drain().finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  /** The attempt is over: nothing more is sent, and this device forgets its answers. */
  close() {
    this.#closed = true;
    clearTimeout(this.#timer);
    try {
      localStorage.removeItem(this.#key);
    } catch {
      this.#memory = null;
    }
  }

  #later(delay) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.flush(), delay);
  }

  #record(position, response, isRepeated) {
    this.#change((kept) => {
      kept.sequence = this.#sequence = Math.max(this.#sequence, kept.sequence) + 1;
      kept.pending[position] = { sequence: kept.sequence, response, isRepeated };
    });
  }

  async #drain() {
    while (!this.#closed) {
      const waiting = Object.entries(this.pending()).sort(([, a], [, b]) => a.sequence - b.sequence);
      if (!waiting.length) {
        this.#tell.state(this.#refused.size ? "refused" : "saved");
        return true;
      }
      const [position, answer] = waiting[0];
      this.#tell.state("saving");
      const trouble = await this.#send(position, answer);
      if (trouble) {
        if (this.#closed) return false;
        this.#tell.state("waiting", trouble.reason);
        const wait = Math.min(LONGEST_WAIT, 500 * 2 ** ++this.#failures) * (0.75 + Math.random() / 2);
        this.#later(Math.max(wait, trouble.wait ?? 0));
        return false;
      }
      this.#failures = 0;
    }
    return false;
  }

  /** Send one answer. Returns nothing when it is dealt with, else {reason, wait?}. */
  async #send(position, answer) {
    let reply;
    let body;
    try {
      reply = await fetch(this.#url(position), { ...request(answer), signal: AbortSignal.timeout(PATIENCE) });
      body = await reply.json().catch(() => null);
    } catch {
      return { reason: navigator.onLine ? "trouble" : "offline" };
    }
    this.#tell.time(reply.headers.get("Date"));
    if (reply.ok) return this.#confirmed(position, answer, body);
    if (reply.status === 409 && body?.code === "attempt_closed") {
      this.close();
      this.#tell.closed();
      return { reason: "closed" };
    }
    if (REFUSALS.includes(reply.status)) {
      this.#done(position, answer);
      this.#refused.add(position);
      this.#tell.refused(position, body?.detail ?? body?.title ?? "");
      return undefined;
    }
    const wait = Number(reply.headers.get("Retry-After") ?? 0) * 1000 || 0;
    return { reason: reply.status === 401 ? "signedOut" : "trouble", wait };
  }

  /** The server answers with what it holds. Where that is another device's answer, the one given last here wins. */
  #confirmed(position, answer, stored) {
    const isOther =
      stored?.sequence > answer.sequence ||
      (stored?.sequence === answer.sequence && JSON.stringify(stored.response) !== JSON.stringify(answer.response));
    if (!isOther) {
      this.#done(position, answer);
    } else if (this.#live.has(Number(position)) && !answer.isRepeated) {
      this.#sequence = Math.max(this.#sequence, stored.sequence);
      if (this.pending()[position]?.sequence === answer.sequence) this.#record(position, answer.response, true);
    } else {
      this.#done(position, answer);
      if (!this.#live.has(Number(position))) this.#tell.replaced(Number(position), stored.response);
    }
  }

  #done(position, answer) {
    this.#change((kept) => {
      if (kept.pending[position]?.sequence === answer.sequence) delete kept.pending[position];
    });
  }

  /** The page goes away: requests with keepalive outlive it. What they miss is sent when the exam is opened again. */
  #leave() {
    if (this.#closed) return;
    for (const [position, answer] of Object.entries(this.pending())) {
      fetch(this.#url(position), { ...request(answer), keepalive: true }).catch(() => {});
    }
  }

  #url(position) {
    return `/api/v1/attempts/${encodeURIComponent(this.#attempt)}/responses/${position}`;
  }

  // Read anew each time, since another tab may show the same attempt.
  #load() {
    try {
      const kept = JSON.parse(localStorage.getItem(this.#key));
      if (kept) return kept;
    } catch {
      // Storage is refused or damaged: this page's memory has to do.
    }
    return this.#memory ?? { sequence: 0, pending: {} };
  }

  #change(alter) {
    const kept = this.#load();
    alter(kept);
    try {
      localStorage.setItem(this.#key, JSON.stringify(kept));
    } catch {
      this.#memory = kept;
    }
  }
}

function request({ sequence, response }) {
  return {
    method: "PUT",
    credentials: "same-origin",
    headers: { "Content-Type": "application/json", Accept: "application/json" },
    body: JSON.stringify({ sequence, response }),
  };
}
