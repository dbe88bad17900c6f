// The button of a link's page: a double click is one press. Both would give the same download, but the
// browser would ask for it twice.

const DOUBLE_CLICK_MS = 1500;
let pressedAt = Number.NEGATIVE_INFINITY;

export function onPress(event: SubmitEvent, form: HTMLFormElement): void {
  if (event.timeStamp - pressedAt < DOUBLE_CLICK_MS) return event.preventDefault();
  pressedAt = event.timeStamp;
  const note = form.querySelector('.row-note');
  if (note)
    note.textContent = 'Your download is starting. If it stops, press again to continue it.';
}
