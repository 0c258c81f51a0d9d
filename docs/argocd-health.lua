-- Argo CD takes resources of kinds that it does not know for healthy as soon as they exist. This is the value of
-- resource.customizations.health.tenantdb.io_TenantDatabase in the ConfigMap argocd-cm.
local hs = {status = "Progressing", message = "The spec has not been looked at yet."}
local status = obj.status
if status == nil or status.conditions == nil then
  return hs
end
if status.observedGeneration ~= obj.metadata.generation then
  return hs
end
local conditions = {}
for _, condition in ipairs(status.conditions) do
  conditions[condition.type] = condition
end
local ready = conditions["Ready"]
local stalled = conditions["Stalled"]
if stalled ~= nil and stalled.status == "True" then
  hs.status = "Degraded"
  hs.message = stalled.reason .. ": " .. stalled.message
elseif ready ~= nil and ready.reason == "Suspended" then
  hs.status = "Suspended"
  hs.message = ready.message
elseif ready ~= nil then
  hs.status = ready.status == "True" and "Healthy" or "Progressing"
  hs.message = ready.reason .. ": " .. ready.message
end
return hs
