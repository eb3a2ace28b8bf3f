param location string
param tags object
@minLength(13)
param token string

@description('The page of this app may upload to the storage account.')
param appName string

var containers = ['input', 'output', 'work', 'application', 'app-package', 'undelivered']

resource account 'Microsoft.Storage/storageAccounts@2025-06-01' = {
  name: 'st${token}'
  location: location
  tags: tags
  sku: { name: 'Standard_LRS' }
  kind: 'StorageV2'
  properties: {
    allowBlobPublicAccess: false
    // Every SAS is one by user delegation, which needs no key.
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    publicNetworkAccess: 'Enabled'
    networkAcls: { bypass: 'AzureServices', defaultAction: 'Allow' }
  }

  resource blobs 'blobServices' = {
    name: 'default'
    properties: {
      deleteRetentionPolicy: { enabled: true, days: 7 }
      containerDeleteRetentionPolicy: { enabled: true, days: 7 }
      cors: {
        corsRules: [
          {
            allowedOrigins: ['https://${appName}.azurewebsites.net']
            allowedMethods: ['GET', 'HEAD', 'PUT']
            allowedHeaders: ['content-type', 'if-none-match', 'range', 'x-ms-*']
            exposedHeaders: ['content-length', 'content-range', 'etag', 'x-ms-*']
            maxAgeInSeconds: 3600
          }
        ]
      }
    }

    resource container 'containers' = [for name in containers: { name: name }]
  }

  resource lifecycle 'managementPolicies' = {
    name: 'default'
    properties: {
      policy: {
        rules: [
          {
            // The app removes what a conversion has staged. This is for what it was kept from removing.
            name: 'delete-abandoned-staging'
            type: 'Lifecycle'
            definition: {
              filters: { blobTypes: ['blockBlob'], prefixMatch: ['work/'] }
              actions: { baseBlob: { delete: { daysAfterModificationGreaterThan: 60 } } }
            }
          }
          {
            name: 'delete-old-dead-letters'
            type: 'Lifecycle'
            definition: {
              filters: { blobTypes: ['blockBlob', 'appendBlob'], prefixMatch: ['undelivered/'] }
              actions: { baseBlob: { delete: { daysAfterModificationGreaterThan: 30 } } }
            }
          }
        ]
      }
    }
  }
}

output name string = account.name
output blobServiceUri string = account.properties.primaryEndpoints.blob
