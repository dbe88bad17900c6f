-- Size and modification time of a file, by statx(2): Lua on nginx has no stat of its own, and statx's
-- structure is the same on every processor.
local ffi = require 'ffi'
ffi.cdef [[
  struct claimcheck_statx {
    uint32_t mask, blksize; uint64_t attributes; uint32_t nlink, uid, gid; uint16_t mode, pad;
    uint64_t ino, size, blocks, attributes_mask;
    struct { int64_t seconds; uint32_t nanoseconds; int32_t pad; } atime, btime, ctime, mtime;
    uint64_t rest[16];
  };
  int statx(int directory, const char *path, int flags, unsigned int mask, struct claimcheck_statx *into);
]]
local AT_FDCWD, AT_SYMLINK_NOFOLLOW, BASIC = -100, 0x100, 0x7ff
local IS_FILE = 0x8000
local found = ffi.new('struct claimcheck_statx')

local M = {}

-- Bytes and Unix milliseconds, or nil when there is no regular file.
function M.stat(path)
  if ffi.C.statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, BASIC, found) ~= 0 then return nil end
  if bit.band(found.mode, 0xf000) ~= IS_FILE then return nil end
  return tonumber(found.size), tonumber(found.mtime.seconds) * 1000 + math.floor(found.mtime.nanoseconds / 1e6)
end

return M
