-- For wrk: asks for the paths of a file, one after the other and from the start again. Arguments: the method, the file.

local requests = {}
local at = 0

function init(args)
  local known = {}
  for path in io.lines(args[2]) do
    if not known[path] then known[path] = wrk.format(args[1], path) end
    requests[#requests + 1] = known[path]
  end
end

function request()
  at = at % #requests + 1
  return requests[at]
end
