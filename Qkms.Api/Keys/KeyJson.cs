using System.Text.Json.Serialization;
using Qkms.Api.Envelopes;

namespace Qkms.Api.Keys;

/// <summary>Requests and answers about keys, as JSON.</summary>
[JsonSerializable(typeof(GenerateKeyRequest))]
[JsonSerializable(typeof(RotateKeyRequest))]
[JsonSerializable(typeof(UpdateKeyRequest))]
[JsonSerializable(typeof(RetireKeyRequest))]
[JsonSerializable(typeof(RevokeKeyRequest))]
[JsonSerializable(typeof(DestroyKeyRequest))]
[JsonSerializable(typeof(CancelKeyDeletionRequest))]
[JsonSerializable(typeof(Envelope<KeyVersionResponse>))]
[JsonSerializable(typeof(Envelope<RotatedKeyResponse>))]
[JsonSerializable(typeof(Envelope<KeyListResponse>))]
[JsonSerializable(typeof(JsonWebKey))]
[JsonSerializable(typeof(JsonWebKeySet))]
internal sealed partial class KeyJson : JsonSerializerContext;
