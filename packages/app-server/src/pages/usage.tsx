// What an account stores, beside what it may: on the files page, and on those of accounts.
import { formatProgress, formatSize } from '#browser/format-size.js';

export interface Limits {
  /** Null is unlimited, as all here. */
  bytes: number | null;
  files: number | null;
  linksPerDay: number | null;
}

export interface Used {
  bytes: number;
  files: number;
  /** Within the last 24 hours. */
  links: number;
}

export interface UsageProps {
  usage: Used;
  quota: Limits;
}

/** One line, and a bar where there is a limit. */
export function StorageUsed({ usage, quota }: UsageProps) {
  return (
    <div class="usage">
      <p class="hint">
        {storageInWords({ usage, quota })}, {filesInWords({ usage, quota })}
      </p>
      {quota.bytes !== null && quota.bytes > 0 && (
        <meter
          aria-label="Storage used"
          min={0}
          max={quota.bytes}
          high={quota.bytes * 0.9}
          optimum={0}
          value={Math.min(usage.bytes, quota.bytes)}
        ></meter>
      )}
    </div>
  );
}

/** `3.2 of 10 GB used`. */
export function storageInWords({ usage, quota }: UsageProps): string {
  return `${quota.bytes === null ? formatSize(usage.bytes) : formatProgress(usage.bytes, quota.bytes)} used`;
}

export function filesInWords({ usage, quota }: UsageProps): string {
  const counted = `${usage.files}${quota.files === null ? '' : ` of ${quota.files}`}`;
  return `${counted} ${(quota.files ?? usage.files) === 1 ? 'file' : 'files'}`;
}

export function linksInWords({ usage, quota }: UsageProps): string {
  return `${usage.links}${quota.linksPerDay === null ? '' : ` of ${quota.linksPerDay}`}`;
}
