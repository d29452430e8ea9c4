namespace Qkms.Tests.Support;

/// <summary>Waits for what must come to pass, with more patience than even a slow machine needs.</summary>
internal static class Eventually
{
    private static readonly TimeSpan _patience = TimeSpan.FromMinutes(1);

    public static async Task HoldsAsync(Func<Task<bool>> condition)
    {
        using CancellationTokenSource limit = new(_patience);
        while (!await condition())
            await Task.Delay(TimeSpan.FromMilliseconds(20), limit.Token);
    }
}
