using System.Text.Json.Serialization;
using Qkms.Api.Envelopes;

namespace Qkms.Api.ApiKeys;

/// <summary>Requests and answers about API keys, as JSON.</summary>
[JsonSerializable(typeof(CreateApiKeyRequest))]
[JsonSerializable(typeof(UpdateApiKeyRequest))]
[JsonSerializable(typeof(ApiKeyActionRequest))]
[JsonSerializable(typeof(RotateApiKeyRequest))]
[JsonSerializable(typeof(Envelope<ApiKeyResponse>))]
[JsonSerializable(typeof(Envelope<CreatedApiKeyResponse>))]
[JsonSerializable(typeof(Envelope<RotatedApiKeyResponse>))]
[JsonSerializable(typeof(Envelope<ApiKeyListResponse>))]
internal sealed partial class ApiKeyJson : JsonSerializerContext;
