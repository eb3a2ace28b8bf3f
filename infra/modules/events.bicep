param location string
param tags object
param token string
param storageName string

resource storage 'Microsoft.Storage/storageAccounts@2025-06-01' existing = { name: storageName }

// Its subscriptions are made after the deployment: their webhook has a key that only the running app knows, and must
// answer a handshake.
resource topic 'Microsoft.EventGrid/systemTopics@2025-02-15' = {
  name: 'evgt-${token}'
  location: location
  tags: tags
  identity: { type: 'SystemAssigned' }
  properties: { source: storage.id, topicType: 'Microsoft.Storage.StorageAccounts' }
}

output topicName string = topic.name
output topicPrincipalId string = topic.identity.principalId
