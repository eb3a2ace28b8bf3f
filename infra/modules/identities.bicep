param location string
param tags object
param token string

@description('Runs the function app.')
resource app 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: 'id-app-${token}'
  location: location
  tags: tags
}

@description('Runs on the Batch nodes: reads inputs and scripts, writes what tasks leave, nothing else.')
resource node 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: 'id-node-${token}'
  location: location
  tags: tags
}

output appId string = app.id
output appClientId string = app.properties.clientId
output appPrincipalId string = app.properties.principalId
output nodeId string = node.id
output nodePrincipalId string = node.properties.principalId
