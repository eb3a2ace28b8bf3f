param location string
param tags object
param name string
param planName string
param identityId string
param identityClientId string
param storageName string
param insightsConnectionString string
param nodeVersion string
param instanceMemoryMB int
param maximumInstanceCount int
param alwaysReadyInstances int
param batchSettings object
param notifyQueue string
// It may hold a key of the receiver.
@secure()
param notifyUrl string
@secure()
param notifySecret string
param signInClientId string

var isSignInOn = !empty(signInClientId)

resource storage 'Microsoft.Storage/storageAccounts@2025-06-01' existing = { name: storageName }

resource plan 'Microsoft.Web/serverfarms@2025-03-01' = {
  name: planName
  location: location
  tags: tags
  kind: 'functionapp'
  sku: { name: 'FC1', tier: 'FlexConsumption' }
  properties: { reserved: true }
}

resource app 'Microsoft.Web/sites@2025-03-01' = {
  name: name
  location: location
  tags: union(tags, { 'azd-service-name': 'app' })
  kind: 'functionapp,linux'
  identity: { type: 'UserAssigned', userAssignedIdentities: { '${identityId}': {} } }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    siteConfig: { minTlsVersion: '1.2' }
    functionAppConfig: {
      runtime: { name: 'node', version: nodeVersion }
      scaleAndConcurrency: {
        instanceMemoryMB: instanceMemoryMB
        maximumInstanceCount: maximumInstanceCount
        alwaysReady: alwaysReadyInstances == 0
          ? []
          : [
              { name: 'durable', instanceCount: alwaysReadyInstances }
              { name: 'blob', instanceCount: alwaysReadyInstances }
            ]
      }
      deployment: {
        storage: {
          type: 'blobContainer'
          value: '${storage.properties.primaryEndpoints.blob}app-package'
          authentication: { type: 'UserAssignedIdentity', userAssignedIdentityResourceId: identityId }
        }
      }
    }
  }

  resource settings 'config' = {
    name: 'appsettings'
    // With API_SIGN_IN, the app does not start before the site asks who somebody is.
    dependsOn: [signIn]
    properties: union(batchSettings, {
      AzureWebJobsStorage__blobServiceUri: storage.properties.primaryEndpoints.blob
      AzureWebJobsStorage__queueServiceUri: storage.properties.primaryEndpoints.queue
      AzureWebJobsStorage__tableServiceUri: storage.properties.primaryEndpoints.table
      AzureWebJobsStorage__credential: 'managedidentity'
      AzureWebJobsStorage__clientId: identityClientId
      STORAGE__blobServiceUri: storage.properties.primaryEndpoints.blob
      STORAGE__queueServiceUri: storage.properties.primaryEndpoints.queue
      STORAGE__credential: 'managedidentity'
      STORAGE__clientId: identityClientId
      AZURE_CLIENT_ID: identityClientId
      BLOB_TRIGGER_SOURCE: 'EventGrid'
      API_SIGN_IN: isSignInOn ? 'true' : 'false'
      NOTIFY_QUEUE: notifyQueue
      NOTIFY_URL: notifyUrl
      NOTIFY_SECRET: notifySecret
      APPLICATIONINSIGHTS_CONNECTION_STRING: insightsConnectionString
      APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identityClientId};Authorization=AAD'
    })
  }

  resource signIn 'config' = if (isSignInOn) {
    name: 'authsettingsV2'
    properties: {
      platform: { enabled: true }
      globalValidation: {
        requireAuthentication: true
        unauthenticatedClientAction: 'RedirectToLoginPage'
        redirectToProvider: 'azureactivedirectory'
        // Event Grid brings a key of the host instead.
        excludedPaths: ['/runtime/webhooks/blobs']
      }
      identityProviders: {
        azureActiveDirectory: {
          enabled: true
          registration: {
            clientId: signInClientId
            openIdIssuer: '${environment().authentication.loginEndpoint}${tenant().tenantId}/v2.0'
          }
          validation: { allowedAudiences: [signInClientId, 'api://${signInClientId}'] }
        }
      }
      login: { tokenStore: { enabled: false } }
    }
  }

  resource scmSignIn 'basicPublishingCredentialsPolicies' = {
    name: 'scm'
    properties: { allow: false }
  }

  resource ftpSignIn 'basicPublishingCredentialsPolicies' = {
    name: 'ftp'
    properties: { allow: false }
  }
}

output name string = app.name
output url string = 'https://${app.properties.defaultHostName}'
