// Reading settings from an environment that is handed in. Each reader names the variable, what it
// held and what was expected; all faults of a configuration are reported together. The
// process's own environment is read in the servers' `config.ts` alone.
export type Environment = Readonly<Record<string, string | undefined>>;

/** One message a faulty variable. */
export class ConfigurationError extends Error {
  override name = 'ConfigurationError';
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(`configuration refused:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`);
    this.faults = faults;
  }
}

/** Collects faults, so that an operator sees all of them at the first start. */
export class EnvironmentReader {
  readonly faults: string[] = [];
  readonly #env: Environment;

  constructor(env: Environment) {
    this.#env = env;
  }

  /** The value, or undefined when it is unset or empty. */
  text(name: string): string | undefined {
    const value = this.#env[name]?.trim();
    return value === undefined || value === '' ? undefined : value;
  }

  /** A TCP port, 0 to 65535; 0 lets the system choose. */
  port(name: string, fallback: number): number {
    return this.integer(name, fallback, 0, 65_535);
  }

  /** A TCP port, or undefined when the variable is not set. */
  optionalPort(name: string): number | undefined {
    return this.text(name) === undefined ? undefined : this.port(name, 0);
  }

  integer(name: string, fallback: number, least: number, most: number): number {
    const value = this.text(name);
    if (value === undefined) return fallback;
    const number = Number(value);
    if (/^\d+$/.test(value) && number >= least && number <= most) return number;
    this.refuse(name, value, `a whole number from ${least} to ${most}`);
    return fallback;
  }

  choice<T extends string>(name: string, fallback: T, choices: readonly T[]): T {
    const value = this.text(name);
    if (value === undefined) return fallback;
    const found = choices.find((choice) => choice === value);
    if (found === undefined) this.refuse(name, value, `one of ${choices.join(', ')}`);
    return found ?? fallback;
  }

  /**
   * An origin (scheme, host, port; RFC 6454) without path. Plain http is accepted for loopback
   * names only: session cookies and claims must not cross a network in the clear.
   */
  origin(name: string, fallback: string): string {
    const value = this.text(name);
    if (value === undefined) return fallback;
    const url = URL.canParse(value) ? new URL(value) : undefined;
    const bare = url && url.pathname === '/' && !url.search && !url.hash && !url.username;
    if (!url || !bare || !['http:', 'https:'].includes(url.protocol)) {
      this.refuse(name, value, 'an origin like https://files.example.org, without a path');
      return fallback;
    }
    if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
      this.refuse(name, value, 'an https:// origin (plain http is for localhost only)');
    }
    return url.origin;
  }

  /** An absolute URL of one of these schemes (`http:`, `redis:`, …). */
  url(name: string, schemes: readonly string[]): string | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    if (URL.canParse(value) && schemes.includes(new URL(value).protocol)) return value;
    this.refuse(
      name,
      withoutPassword(value),
      `a URL that starts with ${schemes.map((s) => `${s}//`).join(' or ')}`,
    );
    return undefined;
  }

  /** Adds a fault about one variable; `expected` completes "expected …". */
  refuse(name: string, value: string | undefined, expected: string): void {
    this.faults.push(
      value === undefined
        ? `${name} is not set; expected ${expected}`
        : `${name} is "${value}"; expected ${expected}`,
    );
  }

  /** @throws ConfigurationError when anything was refused. */
  finish(): void {
    if (this.faults.length > 0) throw new ConfigurationError(this.faults);
  }
}

/**
 * What a process that holds one service alone needs on top.
 * @throws ConfigurationError when REDIS_URL is not set: a ledger in memory would be known to this
 * process only, and the other service is another one.
 */
export function requireRedis<C extends { redisUrl: string | undefined }>(
  config: C,
): C & { redisUrl: string } {
  const { redisUrl } = config;
  if (redisUrl !== undefined) return { ...config, redisUrl };
  throw new ConfigurationError([
    'REDIS_URL is not set; expected the Redis that app server and download servers share, since a ' +
      'ledger in memory is right only when one process holds both (`npm start` in the top folder)',
  ]);
}

function isLoopback(host: string): boolean {
  return (
    host === 'localhost' ||
    host.endsWith('.localhost') ||
    host === '[::1]' ||
    /^127(?:\.\d{1,3}){3}$/.test(host)
  );
}

function withoutPassword(text: string): string {
  return text.replace(/:[^:@/]*@/, ':…@');
}
