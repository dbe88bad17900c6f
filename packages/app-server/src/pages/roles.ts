// The two roles in words.
import type { Viewer } from './props.js';

export const ROLES: Record<Viewer['role'], string> = {
  admin: 'Administrator',
  member: 'Member',
};
