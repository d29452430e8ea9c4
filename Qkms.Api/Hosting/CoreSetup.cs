using Qkms.Core;
using Qkms.Core.Cryptography;

namespace Qkms.Api.Hosting;

/// <summary>The domain as the settings want it, for the service and for its commands alike.</summary>
internal static class CoreSetup
{
    /// <summary>Adds the domain. It wants a <see cref="TimeProvider"/>, logging and a database beside it.</summary>
    public static IServiceCollection AddQkmsCore(this IServiceCollection services, QkmsSettings settings) => services.AddQkmsCore(
        PqcEngines.Select(settings.Engine, settings.StrictEngine, settings.VerifyAfterSign),
        settings.ApiKeys,
        settings.Materials,
        settings.Signatures,
        settings.Destruction,
        settings.Rotation,
        settings.Audit,
        settings.Devices,
        settings.Plans);
}
