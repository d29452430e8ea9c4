using System.Security.Cryptography;
using Qkms.Core.Cryptography.BouncyCastle;

namespace Qkms.Core.Cryptography;

/// <summary>The engines, chosen by the setting <c>Qkms:Crypto:Engine</c>.</summary>
public static class PqcEngines
{
    /// <summary>The setting's name, for messages.</summary>
    public const string Setting = "Qkms:Crypto:Engine";

    /// <summary>BouncyCastle.Cryptography: the default, and the same code on every machine.</summary>
    public const string BouncyCastle = "bouncycastle";

    /// <summary>.NET's own algorithms, where the operating system's library has them.</summary>
    public const string Platform = "platform";

    /// <summary>The algorithms in C# in this assembly.</summary>
    public const string Managed = "managed";

    // None has a state of its own.
    private static readonly Lazy<PlatformEngine> _platform = new(() => new PlatformEngine());
    private static readonly BouncyCastleEngine _bouncyCastle = new(strict: false);

    /// <summary>BouncyCastle, and what it does not have is refused.</summary>
    internal static readonly PqcEngine StrictBouncyCastle = new BouncyCastleEngine(strict: true);

    /// <summary>The engine of this assembly.</summary>
    internal static readonly PqcEngine OfThisAssembly = new ManagedEngine();

    private static readonly ManagedEngine _withoutVerification = new(verifyAfterSign: false);

    /// <summary>Whether the platform has both ML-KEM and ML-DSA.</summary>
    public static bool IsPlatformSupported => MLKem.IsSupported && MLDsa.IsSupported;

    /// <summary>Chooses the engine; letters may be of either case.</summary>
    /// <param name="setting">One of <see cref="BouncyCastle"/>, <see cref="Platform"/> and <see cref="Managed"/>.</param>
    /// <param name="strict">Whether the engine refuses what it does not have, instead of leaving it to the managed one.</param>
    /// <param name="verifyAfterSign">Whether the managed engine verifies each of its signatures before it leaves.</param>
    /// <returns>The engine.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="setting"/> is null.</exception>
    /// <exception cref="PqcEngineUnavailableException">The engine is not known, or not on this machine.</exception>
    public static PqcEngine Select(string setting, bool strict = false, bool verifyAfterSign = true) =>
        Select(setting, strict, verifyAfterSign, IsPlatformSupported);

    internal static PqcEngine Select(string setting, bool strict, bool verifyAfterSign, bool isPlatformSupported)
    {
        ArgumentNullException.ThrowIfNull(setting);
        switch (setting.ToLowerInvariant())
        {
            case BouncyCastle:
                return strict ? StrictBouncyCastle : _bouncyCastle;
            case Managed:
                return verifyAfterSign ? OfThisAssembly : _withoutVerification;
            case Platform when isPlatformSupported:
                return _platform.Value;
        }

        string reason = setting.Equals(Platform, StringComparison.OrdinalIgnoreCase)
            ? ", but this machine's cryptographic library has no ML-KEM and ML-DSA (OpenSSL 3.5 or later, or "
                + "Windows 11 24H2 or later, is needed)"
            : ", which is not an engine";
        string available = isPlatformSupported ? $"{BouncyCastle}, {Platform}, {Managed}" : $"{BouncyCastle}, {Managed}";
        throw new PqcEngineUnavailableException($"{Setting} is '{setting}'{reason}. Available here: {available}.");
    }
}

/// <summary>The engine that the setting <c>Qkms:Crypto:Engine</c> asks for is not there; the message says which are.</summary>
/// <param name="message">A sentence for the operator who starts the service.</param>
public sealed class PqcEngineUnavailableException(string message) : Exception(message);
