// The two roles in words, and the field to choose one.
import type { Viewer } from './props.js';

export const ROLES: Record<Viewer['role'], string> = {
  admin: 'Administrator',
  member: 'Member',
};

export function RoleField({ id, role }: { id: string; role: string | undefined }) {
  return (
    <div class="field">
      <label for={id}>Role</label>
      <select id={id} name="role">
        <option value="member" selected={role !== 'admin'}>
          {ROLES.member}
        </option>
        <option value="admin" selected={role === 'admin'}>
          {ROLES.admin}
        </option>
      </select>
    </div>
  );
}
