// What has just happened, in one box: colour, icon and words, and a role so that it is read out.
import type { ComponentChildren } from 'preact';
import { Icon } from './icon.js';
import type { Notice } from './props.js';

export function NoticeBox({
  kind,
  id,
  children,
}: {
  kind: Notice['kind'];
  id?: string;
  children: ComponentChildren;
}) {
  return (
    <div class={`notice ${kind}`} id={id} role={kind === 'error' ? 'alert' : 'status'}>
      <Icon name={kind === 'error' ? 'alert' : 'check'} />
      <p>{children}</p>
    </div>
  );
}
