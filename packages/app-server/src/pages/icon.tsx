// The few line icons of the pages, drawn on a grid of 24. Always beside words, never instead of them,
// so they are hidden from screen readers.
const PATHS = {
  alert:
    'M12 8v5m0 3.5v.01M10.3 4.2 2.9 17a2 2 0 0 0 1.7 3h14.8a2 2 0 0 0 1.7-3L13.7 4.2a2 2 0 0 0-3.4 0Z',
  check: 'm5 12.5 4.5 4.5L19 7.5',
  clock: 'M12 7v5l3 2m6-2a9 9 0 1 1-18 0 9 9 0 0 1 18 0Z',
  copy: 'M9 9h10v11H9zM5 15V4h10',
  device: 'M4 5h16v11H4zM9 20h6m-3-4v4',
  download: 'M12 4v11m-4.5-4 4.5 4 4.5-4M5 20h14',
  file: 'M6 3h8l5 5v13H6zM14 3v5h5',
  hourglass: 'M7 3h10M7 21h10M8 3c0 5 8 5 8 9s-8 4-8 9m8-18c0 5-8 5-8 9s8 4 8 9',
  mail: 'M3 6h18v12H3zm0 1 9 6 9-6',
  tag: 'M3 12V4h8l10 10-8 8L3 12Zm4.5-3.5v.01',
  terminal: 'm5 8 4 4-4 4m7 1h7',
  trash: 'M4 7h16M9 7V4h6v3m3 0-1 13H7L6 7m4 4v5m4-5v5',
  undo: 'M8 5 4 9l4 4M4 9h10a5.5 5.5 0 0 1 0 11h-3',
  unplug:
    'm4 20 4-4m8-8 4-4M7.5 11.5l5 5-1.5 1.5a3.5 3.5 0 0 1-5-5Zm4-4L13 6a3.5 3.5 0 0 1 5 5l-1.5 1.5M10.5 9.5l4 4',
  upload: 'M12 16V5M7.5 9 12 5l4.5 4M5 20h14',
  user: 'M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8Zm-8 9c.8-4 4-6 8-6s7.2 2 8 6',
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg
      class="icon"
      viewBox="0 0 24 24"
      width="20"
      height="20"
      aria-hidden="true"
      focusable="false"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
