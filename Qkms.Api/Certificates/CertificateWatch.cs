namespace Qkms.Api.Certificates;

/// <summary>Looks at the certificate files again and again: file system events miss the links that renewals exchange.</summary>
internal sealed class CertificateWatch(ServerCertificates certificates, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan _interval = TimeSpan.FromSeconds(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using PeriodicTimer timer = new(_interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
                certificates.Refresh();
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The service stops, or did not start.
        }
    }
}
