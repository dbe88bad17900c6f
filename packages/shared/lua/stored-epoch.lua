-- Put after fence.lua where INFO is forbidden (`fence=stored-epoch`): the life of the data is then only
-- what the stored epoch says. Weaker: burns lost by a restart or a failover are not noticed, since an
-- older epoch comes back with older data. See docs/ledger.md.
local function life()
  return LAYOUT .. ':stored-epoch'
end
