// Media types in words. What is not listed is shown as it is: an honest `application/x-foo` tells
// more than a guess.
const WORDS: Readonly<Record<string, string>> = {
  'application/gzip': 'Archive',
  'application/json': 'JSON',
  'application/msword': 'Word document',
  'application/octet-stream': 'File',
  'application/pdf': 'PDF',
  'application/vnd.ms-excel': 'Spreadsheet',
  'application/vnd.oasis.opendocument.spreadsheet': 'Spreadsheet',
  'application/vnd.oasis.opendocument.text': 'Text document',
  'application/vnd.openxmlformats-officedocument.presentationml.presentation': 'Presentation',
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet': 'Spreadsheet',
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document': 'Word document',
  'application/x-7z-compressed': 'Archive',
  'application/x-iso9660-image': 'Disk image',
  'application/x-tar': 'Archive',
  'application/zip': 'Archive',
  'text/csv': 'CSV table',
  'text/html': 'Web page',
  'text/markdown': 'Markdown',
  'text/plain': 'Text',
};

const FAMILIES: Readonly<Record<string, string>> = {
  audio: 'Audio',
  font: 'Font',
  image: 'Image',
  video: 'Video',
};

/** `PDF`, `Image`, or the media type itself, without its parameters. */
export function describeMediaType(type: string): string {
  const essence = (type.split(';', 1)[0] ?? '').trim().toLowerCase();
  const family = essence.split('/', 1)[0] ?? '';
  const known = Object.hasOwn(WORDS, essence) ? WORDS[essence] : undefined;
  const related = Object.hasOwn(FAMILIES, family) ? FAMILIES[family] : undefined;
  return known ?? related ?? essence;
}
