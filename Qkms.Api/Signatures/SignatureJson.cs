using System.Text.Json.Serialization;
using Qkms.Api.Envelopes;

namespace Qkms.Api.Signatures;

/// <summary>Requests and answers of signatures, as JSON.</summary>
[JsonSerializable(typeof(SignRequest))]
[JsonSerializable(typeof(SignItemRequest))]
[JsonSerializable(typeof(Envelope<SignResponse>))]
[JsonSerializable(typeof(VerifyRequest))]
[JsonSerializable(typeof(VerifyItemRequest))]
[JsonSerializable(typeof(Envelope<VerifyResponse>))]
[JsonSerializable(typeof(SignHashRequest))]
[JsonSerializable(typeof(SignHashItemRequest))]
[JsonSerializable(typeof(Envelope<SignHashResponse>))]
[JsonSerializable(typeof(VerifyHashRequest))]
[JsonSerializable(typeof(VerifyHashItemRequest))]
[JsonSerializable(typeof(Envelope<VerifyHashResponse>))]
[JsonSerializable(typeof(SignMuRequest))]
[JsonSerializable(typeof(SignMuItemRequest))]
[JsonSerializable(typeof(Envelope<SignMuResponse>))]
[JsonSerializable(typeof(VerifyMuRequest))]
[JsonSerializable(typeof(VerifyMuItemRequest))]
[JsonSerializable(typeof(Envelope<VerifyMuResponse>))]
internal sealed partial class SignatureJson : JsonSerializerContext;
