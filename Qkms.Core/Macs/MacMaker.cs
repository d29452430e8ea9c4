using Qkms.Core.Algorithms;
using Qkms.Core.Callers;
using Qkms.Core.Uses;

namespace Qkms.Core.Macs;

/// <summary>Makes and checks message authentication codes.</summary>
internal sealed class MacMaker(KeyUses uses)
{
    private static readonly KeyWork<IAuthenticate, byte[], byte[]> _generate = new()
    {
        Operation = KeyOperation.GenerateMac,
        Run = static (key, message) => key.GenerateMac(message),
    };

    private static readonly KeyWork<IAuthenticate, (byte[] Message, byte[] Mac), bool> _verify = new()
    {
        Operation = KeyOperation.VerifyMac,
        Run = static (key, work) => key.VerifyMac(work.Message, work.Mac),
        Fits = static valid => valid,
    };

    /// <summary>The MAC of a message, as long as the key's hash.</summary>
    /// <param name="caller">Whose key.</param>
    /// <param name="choice">Which key.</param>
    /// <param name="message">The message.</param>
    /// <param name="cancellationToken">Cancels what can be cancelled.</param>
    /// <exception cref="KmsException">What <see cref="KeyUses"/> refuses.</exception>
    public ValueTask<Used<byte[]>> GenerateAsync(
        Caller caller, KeyChoice choice, byte[] message, CancellationToken cancellationToken) =>
        uses.RunAsync(caller, choice, _generate, message, cancellationToken);

    /// <summary>
    /// Whether a MAC is the key's for a message, compared in constant time. One of another length is not valid: nothing is cut off.
    /// </summary>
    /// <exception cref="KmsException">What <see cref="KeyUses"/> refuses.</exception>
    public ValueTask<Used<bool>> VerifyAsync(
        Caller caller, KeyChoice choice, byte[] message, byte[] mac, CancellationToken cancellationToken) =>
        uses.RunAsync(caller, choice, _verify, (message, mac), cancellationToken);
}
