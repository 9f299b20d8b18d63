// The server's clock as seen from here. The device's own may be wrong: only differences of it are used.

export class Clock {
  #offset;

  /** `serverNow`: the milliseconds since 1970 that the server wrote into the page. */
  constructor(serverNow) {
    const [navigation] = performance.getEntriesByType("navigation");
    this.#offset = serverNow - (performance.timeOrigin + (navigation?.responseStart ?? performance.now()));
  }

  now() {
    return Date.now() + this.#offset;
  }

  /** Correct the clock by a Date header, which has whole seconds; a device that slept or was set anew drifts. */
  learn(header) {
    const server = Date.parse(header ?? "") + 500;
    if (Math.abs(server - this.now()) > 2000) this.#offset = server - Date.now();
  }
}

/** 5025 s -> "1:23:45", 65 s -> "1:05". */
export function spell(milliseconds) {
  const seconds = Math.max(0, Math.ceil(milliseconds / 1000));
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  if (parts[0] === 0) parts.shift();
  return parts.map((part, index) => (index === 0 ? String(part) : String(part).padStart(2, "0"))).join(":");
}
