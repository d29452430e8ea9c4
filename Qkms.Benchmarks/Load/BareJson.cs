using System.Text.Json.Serialization;

namespace Qkms.Benchmarks.Load;

internal sealed record BareHello(string Status);

internal sealed record BareNothing;

internal sealed record BarePlaintext(byte[] Plaintext);

internal sealed record BareCiphertext(byte[] Ciphertext);

internal sealed record BareDataKey(byte[] Plaintext, byte[] Ciphertext);

internal sealed record BareKey(byte[] PublicKey);

internal sealed record BareMessage(byte[] Message);

internal sealed record BareSignature(byte[] Signature);

/// <summary>The bodies of the bare server, by code that is generated at build time as the service's are.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(BareHello))]
[JsonSerializable(typeof(BareNothing))]
[JsonSerializable(typeof(BarePlaintext))]
[JsonSerializable(typeof(BareCiphertext))]
[JsonSerializable(typeof(BareDataKey))]
[JsonSerializable(typeof(BareKey))]
[JsonSerializable(typeof(BareMessage))]
[JsonSerializable(typeof(BareSignature))]
internal sealed partial class BareJsonContext : JsonSerializerContext;
