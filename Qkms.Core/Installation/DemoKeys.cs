using Qkms.Core.Algorithms;
using Qkms.Core.Callers;
using Qkms.Core.Keys;
using Qkms.Core.Lifecycle;

namespace Qkms.Core.Installation;

/// <summary>
/// Keys to try the API with, on a developer's machine: one of each recommended algorithm, all named <see cref="KeyName.Demo"/>. The
/// examples of openapi.yaml use them.
/// </summary>
internal sealed class DemoKeys(KeyLifecycle keys)
{
    /// <summary>
    /// The kid of a version that was rotated away, so that nothing else needs it: the one to look at, revoke and destroy.
    /// </summary>
    public const string RetiredKid = "demo-kem-1";

    /// <summary>The kid of the AES key, which is active.</summary>
    public const string CipherKid = "demo-aes-1";
    private const string SignatureKid = "demo-dsa-1";
    private const string MacKid = "demo-mac-1";

    /// <summary>Makes them, and rotates the ML-KEM key once.</summary>
    /// <param name="caller">The tenant that they belong to, and the API key that the journal names.</param>
    /// <param name="cancellationToken">Cancels the start. What was made until then stays; no later start makes the rest.</param>
    public async Task MakeAsync(Caller caller, CancellationToken cancellationToken)
    {
        await GenerateAsync(KeyAlgorithm.Aes256, CipherKid);
        await GenerateAsync(KeyAlgorithm.Hmac256, MacKid);
        await GenerateAsync(KeyAlgorithm.MLDsa65, SignatureKid);
        await GenerateAsync(KeyAlgorithm.MLKem768, RetiredKid);
        RotateKeyCommand rotation = new(
            SelectorOf(KeyAlgorithm.MLKem768), KeyAlgorithm.MLKem768.Name, ExpectedVersion: 1, KeyLimitChanges.None);
        await keys.RotateAsync(caller, rotation, request: null, cancellationToken);

        Task GenerateAsync(KeyAlgorithm algorithm, string kid) => keys.GenerateAsync(
            caller,
            new GenerateKeyCommand(SelectorOf(algorithm), algorithm.Name, KidOf(kid), OaepHash: null, KeyLimitChanges.None),
            request: null,
            cancellationToken);
    }

    private static Kid KidOf(string text) =>
        Kid.TryParse(text, out Kid kid) ? kid : throw new InvalidOperationException($"'{text}' is no kid.");

    private static KeySelector SelectorOf(KeyAlgorithm algorithm) => new(algorithm, KeyName.Demo, algorithm.Uses[0]);
}
