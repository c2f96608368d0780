-- ---------------------------------------------------------------------------------------------------------------------
-- What follows is the same for every protocol. It declares a filter name for each field that the tables above describe,
-- and reads frames by these tables. A `view` is what it knows of a field: its type and its filter names. `r` is where
-- it is in a frame: bytes are taken from `r.at` on, up to `r.stop`. No byte is read before it is known to be there,
-- since Wireshark would end the dissection otherwise; what a sender has written wrongly becomes an expert info.

-- Loaded twice, as a plugin and by name, it is there already.
local LOADED = "dissector of " .. protocol.name
if rawget(_G, LOADED) then
  return
end
rawset(_G, LOADED, true)

-- Wireshark may know another protocol by that name, which then keeps it.
local function registered_protocol()
  for _, prefix in ipairs({ protocol.prefix, protocol.prefix .. "_lua" }) do
    for _, name in ipairs({ protocol.name, protocol.name .. " (Lua)" }) do
      local made, proto = pcall(Proto, prefix, name)
      if made then
        return prefix, proto
      end
    end
  end
  error("Wireshark has protocols called " .. protocol.prefix .. " and " .. protocol.prefix .. "_lua already")
end

local PREFIX, PROTO = registered_protocol()
